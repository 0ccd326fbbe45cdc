/** Events that are counted (Arm ARM D13.11.1). Cycles are instructions: the processor has no other notion of them. @experimental */
export enum PmuEvent {
  SW_INCR = 0x00,
  INST_RETIRED = 0x08,
  CPU_CYCLES = 0x11,
  /** Of an odd counter: overflows of the counter before it. */
  CHAIN = 0x1e,
}

/** What PMEVTYPER<n>_EL0 and PMCCFILTR_EL0 hold: the event, and the levels whose events do not count. EL2 and EL3 do not exist. */
const EVENT = 0x3ffn;
const EXCLUDE_EL1 = 1n << 31n;
const EXCLUDE_EL0 = 1n << 30n;

/**
 * One counter of the performance monitors.
 *
 * @experimental
 */
export class PerformanceCounter {
  #type = 0n;
  #value = 0n;
  /** The total that `#value` stands for. */
  #mark = 0;

  /**
   * @param bits - its width.
   * @param fixed - what it always counts.
   */
  constructor(
    private readonly bits: 32 | 64,
    private readonly fixed?: PmuEvent,
  ) {}

  reset(): void {
    this.#type = this.#value = 0n;
  }

  get type(): bigint {
    return this.#type;
  }

  set type(value: bigint) {
    this.#type = value & (EXCLUDE_EL1 | EXCLUDE_EL0 | (this.fixed === undefined ? EVENT : 0n));
  }

  get value(): bigint {
    return this.#value;
  }

  set value(value: bigint) {
    this.#value = BigInt.asUintN(this.bits, value);
  }

  get event(): number {
    return this.fixed ?? Number(this.#type & EVENT);
  }

  /** Whether it counts by itself while it is enabled. */
  get countsInstructions(): boolean {
    const { event } = this;
    return event === (PmuEvent.INST_RETIRED as number) || event === (PmuEvent.CPU_CYCLES as number);
  }

  /** Whether it counts at an exception level. */
  countsAt(level: number): boolean {
    return (this.#type & (level === 0 ? EXCLUDE_EL0 : EXCLUDE_EL1)) === 0n;
  }

  /** Events until it overflows, at least 1. */
  get untilOverflow(): number {
    return Number((1n << BigInt(this.bits)) - this.#value);
  }

  /** Begins to count: `totals` are the instructions retired at each exception level. */
  start(totals: readonly number[]): void {
    this.#mark = this.#total(totals);
  }

  /** Counts up to the present. Gives how often it overflowed. */
  advance(totals: readonly number[]): number {
    const total = this.#total(totals);
    const counted = total - this.#mark;
    this.#mark = total;
    return this.add(counted);
  }

  /** Counts events. Gives how often it overflowed. */
  add(events: number): number {
    const sum = this.#value + BigInt(events);
    this.value = sum;
    return Number(sum >> BigInt(this.bits));
  }

  #total(totals: readonly number[]): number {
    return totals.reduce((sum, count, level) => (this.countsAt(level) ? sum + count : sum), 0);
  }
}
