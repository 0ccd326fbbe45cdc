import { BREAKPOINTS, registerNamed } from '@qvm/isa-aarch64';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { debugExceptionsEnabled, debugMatch, matchesLevel, Mdscr } from './self-hosted-debug.js';
import type { DebugMatch } from './self-hosted-debug.js';

/** Syndrome of a breakpoint exception: IFSC says that a debug event was the reason. @experimental */
export const BREAKPOINT_ISS = 0x22;

/** DBGBCR<n>_EL1.BT: what is compared (Arm ARM D19.3.2). */
enum BreakpointType {
  Address = 0,
  LinkedAddress = 1,
  Context = 2,
  LinkedContext = 3,
}

/** One pair of registers, taken apart. */
interface Breakpoint extends DebugMatch {
  readonly type: number;
  /** DBGBVR<n>_EL1. */
  readonly value: bigint;
}

const REGISTERS = Array.from({ length: BREAKPOINTS }, (_, n) => ({
  value: registerNamed(`DBGBVR${n}_EL1`).offset,
  control: registerNamed(`DBGBCR${n}_EL1`).offset,
}));

/**
 * Whether the guest has a breakpoint enabled at all: instructions are then run one by one, and {@link breakpointMatches} is asked
 * before each. What changes the answer ends a run of generated code.
 *
 * @experimental
 */
export function breakpointsArmed(state: Aarch64State): boolean {
  if ((state.u32(Sys.MDSCR_EL1) & Mdscr.MDE) === 0) return false;
  return REGISTERS.some(({ control }) => (state.u32(control) & 1) !== 0);
}

/** Whether a breakpoint stops the instruction at `pc` (Arm ARM D2.8). @experimental */
export function breakpointMatches(state: Aarch64State, pc: bigint, osLocked: boolean): boolean {
  if (!debugExceptionsEnabled(state, osLocked)) return false;
  return REGISTERS.some((registers) => {
    const breakpoint = read(state, registers);
    if (!breakpoint.enabled || !matchesLevel(breakpoint, state.el !== 0)) return false;
    switch (breakpoint.type as BreakpointType) {
      case BreakpointType.Address:
        return isAt(breakpoint, pc);
      case BreakpointType.LinkedAddress:
        return isAt(breakpoint, pc) && matchesLinkedContext(state, breakpoint);
      case BreakpointType.Context:
        return isInContext(state, breakpoint);
      default:
        return false;
    }
  });
}

/** Whether the breakpoint that another one or a watchpoint is linked to has its context. @experimental */
export function matchesLinkedContext(state: Aarch64State, { linked }: DebugMatch): boolean {
  const registers = REGISTERS[linked];
  const context = registers && read(state, registers);
  if (!context?.enabled || context.type !== (BreakpointType.LinkedContext as number)) return false;
  return isInContext(state, context);
}

function read(state: Aarch64State, { value, control }: (typeof REGISTERS)[number]): Breakpoint {
  const bits = state.u32(control);
  return { ...debugMatch(bits), type: (bits >>> 20) & 15, value: state.u64(value) };
}

/** Bits 1 and 0 of an address are zero, and those above 48 repeat it. */
function isAt({ value }: Breakpoint, pc: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(49, value & ~3n)) === pc;
}

function isInContext(state: Aarch64State, { value }: Breakpoint): boolean {
  return Number(BigInt.asUintN(32, value)) === state.u32(Sys.CONTEXTIDR_EL1);
}
