import type { WideValue } from '@qvm/core/vdev';

/** Bits of IA32_APIC_BASE (SDM 3A, 10.4.4 and 10.12.1). */
const BOOTSTRAP = 1 << 8;
const X2APIC = 1 << 10;
const ENABLED = 1 << 11;
const PAGE_MASK = 0xffff_f000;
const DEFAULT_PAGE = 0xfee0_0000;
const TWO_TO_32 = 0x1_0000_0000;

/**
 * The features of a vCPU model that its local APIC must know.
 *
 * @experimental
 */
export interface ApicFeatures {
  /** CPUID.1:ECX.x2APIC: MSRs 0x800 to 0x8ff. Default true. */
  readonly x2apic?: boolean;
  /** CPUID.1:ECX.TSC_Deadline: the third timer mode and IA32_TSC_DEADLINE. Default true. */
  readonly tscDeadline?: boolean;
  /** Bits of a guest-physical address, 32 to 52 (CPUID.80000008H:EAX). Default 40. */
  readonly physicalAddressBits?: number;
}

/** Effect of a write to IA32_APIC_BASE on the rest of the local APIC. */
export enum ModeChange {
  None,
  /** The APIC was disabled, or enabled again: it is in its state after reset. */
  Reset,
  /** xAPIC to x2APIC mode: the state is kept (SDM 3A, 10.12.5.1). */
  ToX2apic,
}

/** IA32_APIC_BASE: the mode of a local APIC and the address of its registers. */
export class ApicBase {
  readonly #bootstrap: boolean;
  readonly #x2apicAllowed: boolean;
  readonly #highMask: number;
  #low = 0;
  #high = 0;

  constructor(bootstrap: boolean, { x2apic = true, physicalAddressBits = 40 }: ApicFeatures) {
    this.#bootstrap = bootstrap;
    this.#x2apicAllowed = x2apic;
    this.#highMask = 2 ** (physicalAddressBits - 32) - 1;
    this.reset();
  }

  get enabled(): boolean {
    return (this.#low & ENABLED) !== 0;
  }

  get x2apic(): boolean {
    return (this.#low & X2APIC) !== 0;
  }

  /** Guest-physical address of the page of registers; `undefined` when there is none. */
  get page(): number | undefined {
    if (!this.enabled || this.x2apic) return undefined;
    return this.#high * TWO_TO_32 + ((this.#low & PAGE_MASK) >>> 0);
  }

  read(value: WideValue): void {
    value.lo = this.#low;
    value.hi = this.#high;
  }

  /** Returns `undefined`, and changes nothing, when the write is a general-protection fault (SDM 3A, 10.12.5). */
  write(low: number, high: number): ModeChange | undefined {
    if (!this.isValid(low, high) || !this.#mayChange((low & X2APIC) !== 0, (low & ENABLED) !== 0)) return undefined;
    const change = this.#changeTo(low);
    this.load(low, high);
    return change;
  }

  /** Whether these are values that the register can have. */
  isValid(low: number, high: number): boolean {
    const defined = PAGE_MASK | ENABLED | BOOTSTRAP | (this.#x2apicAllowed ? X2APIC : 0);
    return (low & ~defined) === 0 && (high & ~this.#highMask) === 0 && (low & (ENABLED | X2APIC)) !== X2APIC;
  }

  load(low: number, high: number): void {
    this.#low = ((low & ~BOOTSTRAP) | (this.#bootstrap ? BOOTSTRAP : 0)) >>> 0;
    this.#high = high;
  }

  reset(): void {
    this.load(DEFAULT_PAGE | ENABLED, 0);
  }

  /** x2APIC mode is entered from xAPIC mode only, and left by disabling only. */
  #mayChange(x2apic: boolean, enabled: boolean): boolean {
    if (x2apic) return this.enabled;
    return !this.x2apic || !enabled;
  }

  #changeTo(low: number): ModeChange {
    if (((low & ENABLED) !== 0) !== this.enabled) return ModeChange.Reset;
    return (low & X2APIC) !== 0 && !this.x2apic ? ModeChange.ToX2apic : ModeChange.None;
  }
}
