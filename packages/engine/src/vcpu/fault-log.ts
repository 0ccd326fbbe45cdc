import { fromHalves } from '../halves.js';
import { FaultLoop } from './fault-loop.js';
import type { InstructionCount } from './instruction-count.js';

/** A fault that the guest took. @experimental */
export interface Fault {
  /** The exception syndrome of the architecture, 32 bits. */
  readonly syndrome: number;
  /** Return address: of the instruction, or the target of a faulting fetch. */
  readonly pc: bigint;
  /** The reported address; only meaningful for memory faults. */
  readonly address: bigint;
  /** The privilege level that it was taken from, as the architecture numbers it. */
  readonly level: number;
}

/**
 * The fields of {@link Fault} with addresses in halves, so that recording an exception allocates no object and no
 * BigInt.
 */
class FaultRecord {
  readonly #words = new Float64Array(6);

  set(syndrome: number, pcLo: number, pcHi: number, lo: number, hi: number, level: number): void {
    const words = this.#words;
    words[0] = syndrome;
    words[1] = pcLo;
    words[2] = pcHi;
    words[3] = lo;
    words[4] = hi;
    words[5] = level;
  }

  is(syndrome: number, pcLo: number, pcHi: number, lo: number, hi: number, level: number): boolean {
    const words = this.#words;
    return (
      words[0] === syndrome &&
      words[1] === pcLo &&
      words[2] === pcHi &&
      words[3] === lo &&
      words[4] === hi &&
      words[5] === level
    );
  }

  get fault(): Fault {
    const [syndrome = 0, pcLo = 0, pcHi = 0, lo = 0, hi = 0, level = 0] = this.#words;
    return { syndrome, pc: fromHalves(pcLo, pcHi), address: fromHalves(lo, hi), level };
  }
}

/**
 * The synchronous exceptions of one vCPU, for reports: the last fault, how often it was repeated, and the start of an
 * endless loop of exceptions.
 *
 * @experimental
 */
export class FaultLog {
  readonly #loop = new FaultLoop();
  /** The first exception of those in a row, and the latest if there are more. */
  readonly #first = new FaultRecord();
  readonly #latest = new FaultRecord();
  readonly #last = new FaultRecord();
  #taken = 0;
  #repeated = 0;

  /**
   * @param instructions - retired by the vCPU.
   * @param onEndless - called for each exception of an endless loop, with the number of exceptions in a row.
   */
  constructor(
    private readonly instructions: InstructionCount,
    private readonly onEndless: (inARow: number) => void,
  ) {}

  /** Number of faults since the start, without system calls. */
  get taken(): number {
    return this.#taken;
  }

  /** Number of consecutive repetitions of the last fault: the same syndrome, return address and reported address. */
  get repeated(): number {
    return this.#repeated;
  }

  /** The last fault. */
  get last(): Fault | undefined {
    return this.#taken === 0 ? undefined : this.#last.fault;
  }

  /** While the vCPU is in an endless loop of exceptions: the one that it began with, and the latest. */
  get loop():
    | {
        /** The exception that the loop began with. */
        readonly first: Fault;
        /** The latest exception of the loop. */
        readonly latest: Fault;
      }
    | undefined {
    return this.endless ? { first: this.#first.fault, latest: this.#latest.fault } : undefined;
  }

  /** Whether the vCPU does nothing but take exceptions. */
  get endless(): boolean {
    return this.#loop.endless;
  }

  /**
   * Records an exception that is about to be taken.
   *
   * @param syndrome - the exception syndrome of the architecture, 32 bits.
   * @param pcLo - return address, low half; `pcHi` is the high half.
   * @param lo - reported address, low half; `hi` is the high half.
   * @param level - the privilege level that it is taken from.
   * @param isFault - false for a system call, which is not a fault but can be part of an endless loop.
   */
  note(syndrome: number, pcLo: number, pcHi: number, lo: number, hi: number, level: number, isFault: boolean): void {
    const inARow = this.#loop.observe(this.instructions.total);
    if (inARow === 1) this.#first.set(syndrome, pcLo, pcHi, lo, hi, level);
    else this.#latest.set(syndrome, pcLo, pcHi, lo, hi, level);
    if (isFault) {
      const again = this.#taken > 0 && this.#last.is(syndrome, pcLo, pcHi, lo, hi, level);
      this.#repeated = again ? this.#repeated + 1 : 1;
      this.#taken++;
      if (!again) this.#last.set(syndrome, pcLo, pcHi, lo, hi, level);
    }
    if (this.endless) this.onEndless(inARow);
  }

  /** Clears the log at a reset of the vCPU. */
  reset(): void {
    this.#loop.reset();
    this.#taken = this.#repeated = 0;
  }
}
