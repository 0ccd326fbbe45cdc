import { State, Vector } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';

/** Bits of DR6 (SDM vol. 3, 17.2.3). @experimental */
export enum Dr6 {
  /** An access to a debug register while DR7.GD was set. */
  BD = 1 << 13,
  /** Single step. */
  BS = 1 << 14,
  /** Task switch. */
  BT = 1 << 15,
}

const [DR6, DR7] = [6, 7];
const DR6_ONES = 0xffff_0ff0;
const DR6_WRITABLE = 0xe00f;
const DR7_ONES = 0x400;
const DR7_WRITABLE = 0xffff_23ff;
/** Bits L0 to G3 of DR7. */
const ENABLES = 0xff;
const NONE: readonly number[] = [];
const GENERAL_DETECT = 1 << 13;
/** L0 to L3 and LE. */
const LOCAL_ENABLES = 0x155;
const BREAKPOINTS = 4;

/** Kinds of breakpoints: field R/W of DR7. */
enum Condition {
  Execute,
  Write,
  Port,
  Access,
}

/**
 * The debug registers (SDM vol. 3, 17.2): breakpoints on instructions, data and ports.
 *
 * @experimental
 */
export class DebugRegisters {
  /** Called when the enabled breakpoints have changed. */
  onChange: () => void = () => undefined;

  constructor(private readonly core: Core) {}

  /** MOV from a debug register: the result is in `memory.lo` and `memory.hi`. */
  read(number: number): boolean {
    const { state, memory } = this.core;
    if (!this.#accessible(number)) return false;
    const at = State.dr + this.#alias(number) * 8;
    memory.lo = state.u32(at);
    memory.hi = state.u32(at + 4);
    return true;
  }

  /** MOV to a debug register. */
  write(number: number, lo: number, hi: number): boolean {
    const { state, fault } = this.core;
    if (!this.#accessible(number)) return false;
    const register = this.#alias(number);
    if (register >= DR6 && hi !== 0) return fault.protection();
    const at = State.dr + register * 8;
    if (register === DR6) state.setU32(at, (lo & DR6_WRITABLE) | DR6_ONES);
    else if (register === DR7) state.setU32(at, (lo & DR7_WRITABLE) | DR7_ONES);
    else state.setHalves(at, lo, hi);
    this.onChange();
    return true;
  }

  /** Adds causes of #DB to DR6. */
  report(causes: number): void {
    const { state } = this.core;
    state.setU32(State.dr + DR6 * 8, state.u32(State.dr + DR6 * 8) | causes);
  }

  /** Clears L0 to L3 and LE of DR7, as each task switch does (SDM vol. 3, 17.2.4). */
  endLocalBreakpoints(): void {
    const { state } = this.core;
    state.setU32(State.dr + DR7 * 8, state.u32(State.dr + DR7 * 8) & ~LOCAL_ENABLES);
    this.onChange();
  }

  /** Clears DR7.GD, as each #DB does. */
  leaveGeneralDetect(): void {
    const { state } = this.core;
    state.setU32(State.dr + DR7 * 8, state.u32(State.dr + DR7 * 8) & ~GENERAL_DETECT);
  }

  /** Whether a breakpoint on instructions is enabled. */
  get stopsInstructions(): boolean {
    if ((this.core.state.u32(State.dr + DR7 * 8) & ENABLES) === 0) return false;
    return this.#enabled.some((n) => this.#condition(n) === Condition.Execute);
  }

  /** Whether a breakpoint on data is enabled. */
  get watchesData(): boolean {
    return this.#enabled.some((n) => this.#condition(n) !== Condition.Execute);
  }

  /** Bits B0 to B3 of the breakpoints at an instruction: its linear address. */
  instructionHits(lo: number, hi: number): number {
    return this.#hits((n) => {
      const at = State.dr + n * 8;
      const { state } = this.core;
      return this.#condition(n) === Condition.Execute && state.u32(at) === lo && state.u32(at + 4) === hi;
    });
  }

  /** Bits B0 to B3 of the breakpoints that an access to data meets. */
  dataHits(address: bigint, bytes: number, write: boolean): number {
    return this.#hits((n) => {
      const condition = this.#condition(n);
      const wanted = condition === Condition.Access || (condition === Condition.Write && write);
      const [start, end] = this.#range(n);
      return wanted && start < address + BigInt(bytes) && end > address;
    });
  }

  /** Whether data of a page is watched. */
  coversPage(page: bigint, bytes: number): boolean {
    return this.#enabled.some((n) => {
      const [start, end] = this.#range(n);
      return this.#condition(n) !== Condition.Execute && start < page + BigInt(bytes) && end > page;
    });
  }

  #hits(matches: (n: number) => boolean): number {
    let bits = 0;
    for (const n of this.#enabled) if (matches(n)) bits |= 1 << n;
    return bits;
  }

  get #enabled(): readonly number[] {
    const control = this.core.state.u32(State.dr + DR7 * 8);
    if ((control & ENABLES) === 0) return NONE;
    return Array.from({ length: BREAKPOINTS }, (_, n) => n).filter((n) => (control >>> (n * 2)) & 3);
  }

  #condition(n: number): Condition {
    return (this.core.state.u32(State.dr + DR7 * 8) >>> (16 + n * 4)) & 3;
  }

  /** The watched bytes: field LEN of DR7; the address is aligned. */
  #range(n: number): readonly [bigint, bigint] {
    const { state } = this.core;
    const field = (state.u32(State.dr + DR7 * 8) >>> (18 + n * 4)) & 3;
    const bytes = [1n, 2n, 8n, 4n][field] ?? 1n;
    const start = state.u64(State.dr + n * 8) & -bytes;
    return [start, start + bytes];
  }

  #accessible(number: number): boolean {
    const { state, fault } = this.core;
    const reserved = number === 4 || number === 5;
    if (number > DR7 || (reserved && state.u32(State.cr4) & Cr4.DE)) return fault.undefined();
    if ((state.u32(State.dr + DR7 * 8) & GENERAL_DETECT) === 0) return true;
    this.report(Dr6.BD);
    return fault.raise(Vector.DB);
  }

  #alias(number: number): number {
    return number === 4 || number === 5 ? number + 2 : number;
  }
}
