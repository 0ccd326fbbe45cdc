import { QvmError } from '@qvm/core';
import { SegmentRegister, State } from '@qvm/isa-x86_64';
import { WRITABLE_FLAGS } from './control-bits.js';
import type { X86State } from './x86-state.js';

const GENERAL = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const;
/** Names of the general registers, by number. @experimental */
export const GENERAL_NAMES: readonly string[] = [...GENERAL, ...Array.from({ length: 8 }, (_, n) => `r${n + 8}`)];
const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;

/** Control registers by name, with their places in the state. @experimental */
export const CONTROL_REGISTERS: Readonly<Record<string, number>> = {
  cr0: State.cr0,
  cr2: State.cr2,
  cr3: State.cr3,
  cr4: State.cr4,
  efer: State.efer,
  xcr0: State.xcr0,
};
const DEBUG_NUMBERS = [0, 1, 2, 3, 6, 7] as const;

/** The program counter, which is not in the state's registers. @experimental */
export interface ProgramCounter {
  /** RIP (EIP, IP): the offset in the code segment. */
  rip: bigint;
}

/**
 * The registers of a vCPU by name, for debuggers, hooks and dumps.
 *
 * @experimental
 */
export class RegisterView {
  constructor(
    private readonly state: X86State,
    private readonly counter: ProgramCounter,
  ) {}

  /**
   * `rax` to `r15`, `rip`, `rflags`; `cs` to `gs`, `ldtr` and `tr` with `.base`, `.limit` and `.attributes`; `cr0` to
   * `cr4`, `efer`, `xcr0`, `gdtr.base` and the like, `dr0` to `dr7`.
   */
  all(): Readonly<Record<string, bigint>> {
    const { state } = this;
    const all: Record<string, bigint> = {};
    GENERAL_NAMES.forEach((name, n) => (all[name] = state.gpr(n)));
    all.rip = this.counter.rip;
    all.rflags = BigInt(state.rflags);
    SEGMENT_NAMES.forEach((name, n) => {
      all[name] = BigInt(state.selector(n));
      all[`${name}.base`] = BigInt.asUintN(64, BigInt(state.base(n)));
      all[`${name}.limit`] = BigInt(state.limit(n));
      all[`${name}.attributes`] = BigInt(state.attributes(n));
    });
    for (const [name, offset] of Object.entries(CONTROL_REGISTERS)) all[name] = state.u64(offset);
    for (const [name, offset] of [['gdtr', State.gdtr] as const, ['idtr', State.idtr] as const]) {
      all[`${name}.base`] = state.u64(offset);
      all[`${name}.limit`] = BigInt(state.u32(offset + 8));
    }
    for (const n of DEBUG_NUMBERS) all[`dr${n}`] = state.u64(State.dr + n * 8);
    return all;
  }

  /**
   * Writes `rax` to `r15`, `rip`, `rflags`, or the base of `fs` or `gs`.
   *
   * @throws `QvmError` `vcpu.register` for other names.
   */
  set(name: string, value: bigint): void {
    const { state } = this;
    const general = GENERAL_NAMES.indexOf(name);
    if (general >= 0) state.setGpr(general, value);
    else if (name === 'rip') this.counter.rip = BigInt.asUintN(64, value);
    else if (name === 'rflags') state.rflags = Number(BigInt.asUintN(32, value)) & WRITABLE_FLAGS;
    else if (name === 'fs.base') state.setBase(SegmentRegister.FS, Number(BigInt.asIntN(48, value)));
    else if (name === 'gs.base') state.setBase(SegmentRegister.GS, Number(BigInt.asIntN(48, value)));
    else
      throw new QvmError(
        'vcpu.register',
        `An x86_64 vCPU has no register ${name} to write: rax to r15, rip, rflags, fs.base and gs.base are there.`,
      );
  }
}
