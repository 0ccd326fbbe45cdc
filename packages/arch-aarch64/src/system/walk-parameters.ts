import type { MainRam } from '@qvm/engine';
import { State, WalkHalf } from '@qvm/isa-aarch64';
import { PAGE_BITS } from '@qvm/jit';
import { Sys } from '../vcpu/aarch64-state.js';
import type { Aarch64State } from '../vcpu/aarch64-state.js';
import { DISABLED_HALF, tableBytes } from './address-half.js';
import type { AddressHalf } from './address-half.js';

/**
 * The parameters of generated code for walking the guest's tables, in the state of the vCPU. A half that it cannot
 * walk is published as disabled: the walk is then left to the engine.
 *
 * @experimental
 */
export class WalkParameters {
  readonly #published: (AddressHalf | undefined)[] = [undefined, undefined];

  constructor(
    private readonly cpu: Aarch64State,
    /** The memory in which generated code may walk tables. */
    private readonly ram: MainRam,
  ) {}

  /** End of that memory: a walk that could lead to an address from here on is left to the engine. */
  get end(): number {
    return this.ram.end;
  }

  publish(lower: AddressHalf, upper: AddressHalf): void {
    const { cpu } = this;
    this.#publishHalf(0, lower);
    this.#publishHalf(1, upper);
    cpu.setU32(State.normalMemory, normalIndexes(cpu.u32(Sys.MAIR_EL1), cpu.u32(Sys.MAIR_EL1 + 4)));
  }

  #publishHalf(index: 0 | 1, half: AddressHalf): void {
    if (this.#published[index] === half) return;
    this.#published[index] = half;
    const { cpu, ram } = this;
    const at = State.walk + index * WalkHalf.bytes;
    const usable = !half.disabled && half.granuleBits === PAGE_BITS && ram.holds(half.table, tableBytes(half));
    cpu.setU32(at + WalkHalf.table, usable ? ram.offsetOf(half.table) : 0);
    cpu.setU32(at + WalkHalf.shift, half.firstShift);
    cpu.setU32(at + WalkHalf.indexMask, half.firstIndexMask);
    cpu.setU32(at + WalkHalf.checked, half.checkedLo);
    cpu.setU32(at + WalkHalf.checked + 4, half.checkedHi);
  }

  /** Publishes that no half can be walked by generated code. */
  disable(): void {
    this.publish(DISABLED_HALF, DISABLED_HALF);
  }
}

/** A bit for each of the eight attributes in MAIR_EL1 that is of Normal memory (Arm ARM D19.2.98). */
function normalIndexes(lo: number, hi: number): number {
  let indexes = 0;
  for (let index = 0; index < 8; index++) {
    const attribute = ((index < 4 ? lo : hi) >>> ((index & 3) * 8)) & 0xff;
    if ((attribute & 0xf0) !== 0) indexes |= 1 << index;
  }
  return indexes;
}
