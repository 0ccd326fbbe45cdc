import { State } from '@qvm/isa-x86_64';
import type { X86State } from '../state/x86-state.js';
import type { InitialState } from './initial-state.js';

const REGISTERS = 16;

/**
 * Puts the registers of a vCPU that is in its state after RESET into the initial state of a boot, all but the
 * instruction pointer (`initial.entry`).
 *
 * @experimental
 */
export function applyInitialState(state: X86State, initial: InitialState): void {
  if (initial.mode === 'reset') return;
  for (let register = 0; register < REGISTERS; register++)
    state.setGpr(register, BigInt(initial.registers[register] ?? 0));
  state.rflags = initial.rflags;
  const controls = [
    [State.cr0, initial.cr0],
    [State.cr3, initial.cr3],
    [State.cr4, initial.cr4],
    [State.efer, initial.efer],
  ] as const;
  for (const [field, value] of controls) state.setU64(field, BigInt(value));
  for (const [number, segment] of Object.entries(initial.segments)) {
    const { selector, base, limit, attributes } = segment;
    state.setSegment(Number(number), selector, base, limit, attributes);
  }
  state.setU64(State.gdtr, BigInt(initial.gdt.base));
  state.setU32(State.gdtr + 8, initial.gdt.limit);
}
