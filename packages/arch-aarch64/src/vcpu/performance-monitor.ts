import type { SystemRegisterHandler } from '../system/cpu-attachment.js';

/** PMCR_EL0: enable, reset of the cycle counter, and the number of event counters, which is 0. */
const PMCR_E = 1n;
const PMCR_C = 4n;
const PMCR_WRITABLE = 0x79n;
/** PMCR_EL0.LC is RES1-like: the counter has 64 bits. */
const PMCR_LC = 0x40n;
const CYCLE_COUNTER = 0x8000_0000n;

/**
 * The performance monitors (Arm ARM D13) with a cycle counter, which counts retired instructions, and no event counters.
 *
 * @experimental
 */
export class PerformanceMonitor {
  #control = PMCR_LC;
  #enabled = 0n;
  #userEnable = 0n;
  #interruptEnable = 0n;
  #overflow = 0n;
  #filter = 0n;
  #select = 0n;
  /** Counter value while stopped; while running, the value minus the instructions retired when it started. */
  #count = 0n;

  constructor(private readonly instructions: () => number) {}

  reset(): void {
    this.#control = PMCR_LC;
    this.#enabled =
      this.#userEnable =
      this.#interruptEnable =
      this.#overflow =
      this.#filter =
      this.#select =
      this.#count =
        0n;
  }

  /** PMUSERENR_EL0: EN for all, CR for reading the cycle counter. */
  enabledAtEl0(name: string): boolean {
    if (name === 'PMUSERENR_EL0') return true;
    const bits = this.#userEnable;
    return (bits & 1n) !== 0n || (name === 'PMCCNTR_EL0' && (bits & 4n) !== 0n);
  }

  /** Handlers by register name. */
  registers(): Record<string, SystemRegisterHandler> {
    const counters = (v: bigint): bigint => v & CYCLE_COUNTER;
    return {
      PMCR_EL0: { read: () => this.#control, write: (v) => this.#writeControl(v) },
      PMCNTENSET_EL0: { read: () => this.#enabled, write: (v) => this.#run(() => (this.#enabled |= counters(v))) },
      PMCNTENCLR_EL0: { read: () => this.#enabled, write: (v) => this.#run(() => (this.#enabled &= ~counters(v))) },
      PMOVSCLR_EL0: { read: () => this.#overflow, write: (v) => void (this.#overflow &= ~v) },
      PMOVSSET_EL0: { read: () => this.#overflow, write: (v) => void (this.#overflow |= counters(v)) },
      PMSWINC_EL0: { write: () => undefined },
      PMSELR_EL0: { read: () => this.#select, write: (v) => void (this.#select = v & 0x1fn) },
      PMCEID0_EL0: { read: () => 0n },
      PMCEID1_EL0: { read: () => 0n },
      PMCCNTR_EL0: { read: () => this.#cycles(), write: (v) => this.#setCycles(v) },
      PMXEVTYPER_EL0: {
        read: () => (this.#select === 0x1fn ? this.#filter : 0n),
        write: (v) => void (this.#select === 0x1fn && (this.#filter = v)),
      },
      PMXEVCNTR_EL0: { read: () => 0n, write: () => undefined },
      PMUSERENR_EL0: { read: () => this.#userEnable, write: (v) => void (this.#userEnable = v & 0xfn) },
      PMINTENSET_EL1: { read: () => this.#interruptEnable, write: (v) => void (this.#interruptEnable |= counters(v)) },
      PMINTENCLR_EL1: { read: () => this.#interruptEnable, write: (v) => void (this.#interruptEnable &= ~v) },
      PMCCFILTR_EL0: { read: () => this.#filter, write: (v) => void (this.#filter = v & 0xf800_0000n) },
    };
  }

  get #running(): boolean {
    return (this.#control & PMCR_E) !== 0n && (this.#enabled & CYCLE_COUNTER) !== 0n;
  }

  #cycles(): bigint {
    return BigInt.asUintN(64, this.#count + (this.#running ? BigInt(this.instructions()) : 0n));
  }

  #setCycles(value: bigint): void {
    this.#count = value - (this.#running ? BigInt(this.instructions()) : 0n);
  }

  /** Changes what decides whether the counter runs, keeping its value. */
  #run(change: () => void): void {
    const cycles = this.#cycles();
    change();
    this.#setCycles(cycles);
  }

  #writeControl(value: bigint): void {
    this.#run(() => (this.#control = (value & PMCR_WRITABLE) | PMCR_LC));
    if (value & PMCR_C) this.#setCycles(0n);
  }
}
