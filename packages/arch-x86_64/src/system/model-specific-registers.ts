import type { WideValue } from '@qvm/core/vdev';
import { State } from '@qvm/isa-x86_64';
import { isApicMsr } from '../apic/index.js';
import type { Core } from '../vcpu/core.js';
import type { ControlRegisters } from './control-registers.js';
import type { FeatureName } from './features.js';
import { isCanonical } from './mmu.js';
import { msrEntry, MSRS } from './msr-table.js';
import type { MsrEntry } from './msr-table.js';
import type { TimeStampCounter } from './time-stamp-counter.js';

const [TSC, TSC_ADJUST, EFER] = [0x10, 0x3b, 0xc000_0080];
/** MSRs that exist only with a feature. */
const FEATURE_OF: Readonly<Record<number, FeatureName>> = {
  0x174: 'sep',
  0x175: 'sep',
  0x176: 'sep',
  [TSC_ADJUST]: 'tsc_adjust',
  0x277: 'pat',
  0xc000_0103: 'rdtscp',
};
/** The memory types of IA32_PAT: 2 and 3 are reserved (SDM vol. 3, 12.12.2). */
const VALID_TYPES = [0, 1, 4, 5, 6, 7];

/** The local APIC, as RDMSR and WRMSR reach it. @experimental */
export interface ApicMsrs {
  /** Returns false for #GP. */
  readMsr(msr: number, value: WideValue): boolean;
  /** Returns false for #GP. */
  writeMsr(msr: number, low: number, high: number): boolean;
}

/**
 * RDMSR and WRMSR (SDM vol. 2, RDMSR; vol. 4). An MSR that does not exist and a value that it does not accept are
 * #GP(0).
 *
 * @experimental
 */
export class ModelSpecificRegisters {
  /** The value that was read. */
  readonly value: WideValue = { lo: 0, hi: 0 };

  constructor(
    private readonly core: Core,
    private readonly control: ControlRegisters,
    private readonly apic: ApicMsrs,
    private readonly tsc: TimeStampCounter,
    private readonly features: ReadonlySet<FeatureName>,
  ) {}

  /** Sets the registers with storage to their values after RESET. */
  reset(): void {
    for (const { offset, reset } of MSRS) this.core.state.setU64(offset, reset);
  }

  /** Reads into {@link ModelSpecificRegisters.value}. */
  read(number: number): boolean {
    const { fault } = this.core;
    if (isApicMsr(number)) return this.apic.readMsr(number, this.value) || fault.protection();
    if (!this.#exists(number)) return fault.protection();
    if (number === TSC) this.#set(this.tsc.count);
    else if (number === TSC_ADJUST) this.#set(this.tsc.adjust);
    else if (number === EFER) this.#copy(State.efer);
    else {
      const entry = msrEntry(number);
      if (entry === undefined) return fault.protection();
      this.#copy(entry.offset);
    }
    return true;
  }

  /** Writes two words. */
  write(number: number, lo: number, hi: number): boolean {
    const { state, fault } = this.core;
    if (isApicMsr(number)) return this.apic.writeMsr(number, lo, hi) || fault.protection();
    if (!this.#exists(number)) return fault.protection();
    const value = (BigInt(hi) << 32n) | BigInt(lo);
    if (number === TSC) this.tsc.count = value;
    else if (number === TSC_ADJUST) this.tsc.adjust = value;
    else if (number === EFER) return this.control.writeEfer(lo, hi);
    else {
      const entry = msrEntry(number);
      if (entry === undefined || !accepts(entry, value, hi)) return fault.protection();
      if (entry.rule.kind !== 'ignored') state.setHalves(entry.offset, lo, hi);
    }
    return true;
  }

  #exists(number: number): boolean {
    const feature = FEATURE_OF[number];
    return feature === undefined || this.features.has(feature);
  }

  #set(value: bigint): void {
    this.value.lo = Number(BigInt.asUintN(32, value));
    this.value.hi = Number(value >> 32n);
  }

  #copy(offset: number): void {
    this.value.lo = this.core.state.u32(offset);
    this.value.hi = this.core.state.u32(offset + 4);
  }
}

function accepts({ rule }: MsrEntry, value: bigint, hi: number): boolean {
  switch (rule.kind) {
    case 'any':
    case 'ignored':
      return true;
    case 'canonical':
      return isCanonical(hi);
    case 'bits':
      return (value & ~rule.bits) === 0n;
    case 'types':
      return Array.from({ length: 8 }, (_, n) => Number((value >> BigInt(n * 8)) & 0xffn)).every((type) =>
        VALID_TYPES.includes(type),
      );
  }
}
