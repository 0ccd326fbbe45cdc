import type { InterruptLine } from '@qvm/core/vdev';
import { EVENT_COUNTERS } from '@qvm/isa-aarch64';
import type { SystemRegisterHandler } from '../system/cpu-attachment.js';
import { PerformanceCounter, PmuEvent } from './performance-counter.js';

/** INTID of the overflow interrupt (Arm Base System Architecture). @experimental */
export const PMU_INTID = 23;

/** PMCR_EL0: enable, reset of the event counters and of the cycle counter, and the number of event counters. */
const PMCR_E = 1n;
const PMCR_P = 2n;
const PMCR_C = 4n;
const PMCR_WRITABLE = 0x79n;
/** PMCR_EL0.LC is always 1: the cycle counter has 64 bits. */
const PMCR_LC = 0x40n;
const PMCR_N = BigInt(EVENT_COUNTERS) << 11n;
/** Bit of the cycle counter in the masks of counters, and its number in PMSELR_EL0. */
const CYCLE = 31;
const COUNTERS = (1n << 31n) | ((1n << BigInt(EVENT_COUNTERS)) - 1n);
const PMUSERENR_BITS = 0xfn;
const EVENTS = [PmuEvent.SW_INCR, PmuEvent.INST_RETIRED, PmuEvent.CPU_CYCLES, PmuEvent.CHAIN];

/** The parts of the vCPU that the performance monitors use. */
export interface MonitoredCpu {
  /** Instructions retired. */
  readonly instructions: () => number;
  /** The present exception level. */
  readonly level: () => number;
  /** The overflow interrupt. */
  readonly line: InterruptLine;
}

/**
 * The performance monitors (Arm ARM D13, PMUv3): a cycle counter and event counters. docs/performance.md lists the
 * counted events.
 *
 * @experimental
 */
export class PerformanceMonitor {
  /** Whether any counter is counting. Only then does the vCPU report changes of the exception level. */
  active = false;
  /**
   * Number of retired instructions at which the next counter with an enabled interrupt overflows, if the exception
   * level does not change.
   */
  deadline = Infinity;
  #control = PMCR_LC;
  #enabled = 0n;
  #userEnable = 0n;
  #interruptEnable = 0n;
  #overflow = 0n;
  #select = 0;
  readonly #cycles = new PerformanceCounter(64, PmuEvent.CPU_CYCLES);
  readonly #events = Array.from({ length: EVENT_COUNTERS }, () => new PerformanceCounter(32));
  /** The counters, with the number of their bit. */
  readonly #all = [...this.#events.map((counter, n) => [counter, n] as const), [this.#cycles, CYCLE] as const];
  /** Instructions retired at EL0 and EL1 while a counter was counting, up to `#counted` of all. */
  readonly #totals = [0, 0];
  #counted = 0;
  #level = 0;

  constructor(private readonly cpu: MonitoredCpu) {}

  reset(): void {
    this.#control = PMCR_LC;
    this.#enabled = this.#userEnable = this.#interruptEnable = this.#overflow = 0n;
    this.#select = 0;
    for (const [counter] of this.#all) counter.reset();
    this.#changed();
  }

  /** The exception level may have changed; no instruction has been retired since. */
  levelMayChange(): void {
    const level = this.cpu.level();
    if (level === this.#level) return;
    this.#advance();
    this.#level = level;
    this.#expect();
  }

  /** Counts up to the present, and updates the interrupt line. */
  settle(): void {
    this.#advance();
    this.#expect();
    this.#drive();
  }

  /** Whether PMUSERENR_EL0 (D19.5.19) lets EL0 access a register. */
  enabledAtEl0(name: string, direction: 'r' | 'w'): boolean {
    const [all, software, cycles, events] = [1n, 2n, 4n, 8n].map((bit) => (this.#userEnable & bit) !== 0n);
    if (name === 'PMUSERENR_EL0' || all === true) return true;
    if (name === 'PMSWINC_EL0') return software === true;
    if (name === 'PMCCNTR_EL0') return cycles === true && direction === 'r';
    if (name === 'PMSELR_EL0') return events === true;
    return events === true && direction === 'r' && /^PMX?EVCNTR/.test(name);
  }

  /** Handlers by register name. */
  registers(): Record<string, SystemRegisterHandler> {
    return {
      PMCR_EL0: { read: () => this.#control | PMCR_N, write: (v) => this.#change(() => this.#writeControl(v)) },
      PMCNTENSET_EL0: this.#bits(
        () => this.#enabled,
        (v) => (this.#enabled |= v & COUNTERS),
      ),
      PMCNTENCLR_EL0: this.#bits(
        () => this.#enabled,
        (v) => (this.#enabled &= ~v),
      ),
      PMOVSSET_EL0: this.#bits(
        () => this.#overflow,
        (v) => (this.#overflow |= v & COUNTERS),
      ),
      PMOVSCLR_EL0: this.#bits(
        () => this.#overflow,
        (v) => (this.#overflow &= ~v),
      ),
      PMINTENSET_EL1: this.#bits(
        () => this.#interruptEnable,
        (v) => (this.#interruptEnable |= v & COUNTERS),
      ),
      PMINTENCLR_EL1: this.#bits(
        () => this.#interruptEnable,
        (v) => (this.#interruptEnable &= ~v),
      ),
      PMSWINC_EL0: { write: (v) => this.#change(() => this.#increment(v)) },
      PMSELR_EL0: { read: () => BigInt(this.#select), write: (v) => void (this.#select = Number(v & 0x1fn)) },
      PMCEID0_EL0: { read: () => EVENTS.reduce((bits, event) => bits | (1n << BigInt(event)), 0n) },
      PMCEID1_EL0: { read: () => 0n },
      PMUSERENR_EL0: { read: () => this.#userEnable, write: (v) => void (this.#userEnable = v & PMUSERENR_BITS) },
      PMCCNTR_EL0: this.#value(() => this.#cycles),
      PMCCFILTR_EL0: this.#type(() => this.#cycles),
      // CONSTRAINED UNPREDICTABLE for counters that do not exist: reads as zero, ignores writes.
      PMXEVCNTR_EL0: this.#value(() => this.#events[this.#select]),
      PMXEVTYPER_EL0: this.#type(() => (this.#select === CYCLE ? this.#cycles : this.#events[this.#select])),
      ...Object.fromEntries(this.#events.map((counter, n) => [`PMEVCNTR${n}_EL0`, this.#value(() => counter)])),
      ...Object.fromEntries(this.#events.map((counter, n) => [`PMEVTYPER${n}_EL0`, this.#type(() => counter)])),
    };
  }

  #bits(read: () => bigint, write: (value: bigint) => void): SystemRegisterHandler {
    return {
      read: () => {
        this.#advance();
        return read();
      },
      write: (value) => this.#change(() => write(value)),
    };
  }

  #value(counter: () => PerformanceCounter | undefined): SystemRegisterHandler {
    return {
      read: () => {
        this.#advance();
        return counter()?.value ?? 0n;
      },
      write: (value) =>
        this.#change(() => {
          const target = counter();
          if (target) target.value = value;
        }),
    };
  }

  #type(counter: () => PerformanceCounter | undefined): SystemRegisterHandler {
    return {
      read: () => counter()?.type ?? 0n,
      write: (value) =>
        this.#change(() => {
          const target = counter();
          if (target) target.type = value;
        }),
    };
  }

  #writeControl(value: bigint): void {
    this.#control = (value & PMCR_WRITABLE) | PMCR_LC;
    if (value & PMCR_P) for (const counter of this.#events) counter.value = 0n;
    if (value & PMCR_C) this.#cycles.value = 0n;
  }

  /** PMSWINC_EL0. */
  #increment(counters: bigint): void {
    const level = this.cpu.level();
    this.#events.forEach((counter, n) => {
      const wanted = ((counters >> BigInt(n)) & 1n) !== 0n && counter.event === (PmuEvent.SW_INCR as number);
      if (wanted && this.#isEnabled(n) && counter.countsAt(level)) this.#overflowed(n, counter.add(1));
    });
  }

  /** Applies a change of the counting: counts up to the present before it, and sets the deadline after it. */
  #change(change: () => void): void {
    this.#advance();
    change();
    this.#changed();
  }

  #changed(): void {
    this.active = this.#all.some(([counter, n]) => this.#counts(counter, n));
    this.#count();
    this.#level = this.cpu.level();
    for (const [counter] of this.#all) counter.start(this.#totals);
    this.#expect();
    this.#drive();
  }

  /** Sets the deadline from counters that are up to date. */
  #expect(): void {
    let least = Infinity;
    for (const [counter, n] of this.#all) {
      const due = this.#counts(counter, n) && counter.countsAt(this.#level) && this.#interrupts(n);
      if (due) least = Math.min(least, counter.untilOverflow);
    }
    this.deadline = this.#counted + least;
  }

  #drive(): void {
    this.cpu.line.set((this.#control & PMCR_E) !== 0n && (this.#overflow & this.#interruptEnable) !== 0n);
  }

  /** Counts up to the present. */
  #advance(): void {
    if (!this.active) return;
    this.#count();
    for (const [counter, n] of this.#all) {
      if (this.#counts(counter, n)) this.#overflowed(n, counter.advance(this.#totals));
    }
  }

  /** Adds the instructions since the last call to those of the exception level. */
  #count(): void {
    const now = this.cpu.instructions();
    this.#totals[this.#level] = (this.#totals[this.#level] ?? 0) + now - this.#counted;
    this.#counted = now;
  }

  /** Records overflows of a counter, and counts them in the next counter if that is chained to it. */
  #overflowed(n: number, times: number): void {
    if (times === 0) return;
    this.#overflow |= 1n << BigInt(n);
    if (this.#isChained(n + 1)) this.#overflowed(n + 1, this.#events[n + 1]?.add(times) ?? 0);
  }

  /** Whether an overflow of a counter, or of the counter that is chained to it, raises the interrupt. */
  #interrupts(n: number): boolean {
    const enabled = (bit: number): boolean => ((this.#interruptEnable >> BigInt(bit)) & 1n) !== 0n;
    return enabled(n) || (this.#isChained(n + 1) && enabled(n + 1));
  }

  #isChained(n: number): boolean {
    return n % 2 === 1 && this.#events[n]?.event === (PmuEvent.CHAIN as number) && this.#isEnabled(n);
  }

  #counts(counter: PerformanceCounter, n: number): boolean {
    return counter.countsInstructions && this.#isEnabled(n);
  }

  #isEnabled(n: number): boolean {
    return (this.#control & PMCR_E) !== 0n && ((this.#enabled >> BigInt(n)) & 1n) !== 0n;
  }
}
