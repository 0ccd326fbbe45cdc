/**
 * Events that can be counted (Arm ARM D13.11.1). A cycle is counted for each instruction, because the processor has no
 * timing model.
 *
 * @experimental
 */
export enum PmuEvent {
  SW_INCR = 0x00,
  INST_RETIRED = 0x08,
  CPU_CYCLES = 0x11,
  /** Counts overflows of the preceding counter; for odd counters. */
  CHAIN = 0x1e,
}

/**
 * Fields of PMEVTYPER<n>_EL0 and PMCCFILTR_EL0: the event, and the levels at which events are not counted. EL2 and EL3
 * do not exist.
 */
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
  /** The event total at which `#value` was valid. */
  #mark = 0;

  /**
   * @param bits - its width.
   * @param fixed - the event that it always counts.
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

  /** Whether it counts instructions or cycles while it is enabled. */
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

  /** Starts counting: `totals` are the instructions retired at each exception level. */
  start(totals: readonly number[]): void {
    this.#mark = this.#total(totals);
  }

  /** Counts up to the present. Returns the number of overflows. */
  advance(totals: readonly number[]): number {
    const total = this.#total(totals);
    const counted = total - this.#mark;
    this.#mark = total;
    return this.add(counted);
  }

  /** Counts events. Returns the number of overflows. */
  add(events: number): number {
    const sum = this.#value + BigInt(events);
    this.value = sum;
    return Number(sum >> BigInt(this.bits));
  }

  #total(totals: readonly number[]): number {
    return totals.reduce((sum, count, level) => (this.countsAt(level) ? sum + count : sum), 0);
  }
}
