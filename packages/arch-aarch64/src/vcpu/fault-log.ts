import { FaultLoop } from '@qvm/engine';
import { ExceptionClass } from '../system/syndrome.js';

/** A synchronous exception that a guest took. @experimental */
export interface Fault {
  /** ESR_EL1. */
  readonly esr: number;
  /** Where it returns to: the instruction, or for a fetch its address. */
  readonly pc: bigint;
  /** FAR_EL1; means something for aborts only. */
  readonly far: bigint;
  /** The exception level that it was taken from. */
  readonly el: number;
}

/** What {@link Fault} says, in halves: noting an exception makes no object and no number of 64 bits. */
class FaultRecord {
  readonly #words = new Float64Array(6);

  set(esr: number, pcLo: number, pcHi: number, farLo: number, farHi: number, el: number): void {
    const words = this.#words;
    words[0] = esr;
    words[1] = pcLo;
    words[2] = pcHi;
    words[3] = farLo;
    words[4] = farHi;
    words[5] = el;
  }

  copy(from: FaultRecord): void {
    this.#words.set(from.#words);
  }

  equals(other: FaultRecord): boolean {
    return this.#words.every((word, n) => word === other.#words[n]);
  }

  get fault(): Fault {
    const [esr = 0, pcLo = 0, pcHi = 0, farLo = 0, farHi = 0, el = 0] = this.#words;
    return { esr, pc: join(pcLo, pcHi), far: join(farLo, farHi), el };
  }
}

const join = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) | BigInt(lo);
const EC_SHIFT = 26;

/**
 * The synchronous exceptions of one vCPU, for reports: the last one, how often it came again, and where an endless loop of
 * exceptions began.
 *
 * @experimental
 */
export class FaultLog {
  readonly #loop = new FaultLoop();
  readonly #present = new FaultRecord();
  readonly #first = new FaultRecord();
  readonly #last = new FaultRecord();
  #taken = 0;
  #repeated = 0;

  /**
   * @param instructions - retired by the vCPU so far.
   * @param onEndless - called at each exception of an endless loop, with the number of exceptions in a row.
   */
  constructor(
    private readonly instructions: () => number,
    private readonly onEndless: (inARow: number) => void,
  ) {}

  /** Faults taken since the start; system calls are none. */
  get taken(): number {
    return this.#taken;
  }

  /** How often the last fault was taken in a row: the same syndrome at the same place for the same address. */
  get repeated(): number {
    return this.#repeated;
  }

  /** The last fault. */
  get last(): Fault | undefined {
    return this.#taken === 0 ? undefined : this.#last.fault;
  }

  /** While the vCPU is in an endless loop of exceptions: the one that it began with, and the latest. */
  get loop(): { readonly first: Fault; readonly latest: Fault } | undefined {
    return this.endless ? { first: this.#first.fault, latest: this.#present.fault } : undefined;
  }

  /** Whether the vCPU does nothing but take exceptions. */
  get endless(): boolean {
    return this.#loop.endless;
  }

  /** Notes an exception that is about to be taken. */
  note(esr: number, pcLo: number, pcHi: number, farLo: number, farHi: number, el: number): void {
    const present = this.#present;
    present.set(esr, pcLo, pcHi, farLo, farHi, el);
    const inARow = this.#loop.observe(this.instructions());
    if (inARow === 1) this.#first.copy(present);
    if (esr >>> EC_SHIFT !== (ExceptionClass.Svc64 as number)) this.#noteFault();
    if (this.endless) this.onEndless(inARow);
  }

  /** The vCPU was reset. */
  reset(): void {
    this.#loop.reset();
    this.#taken = this.#repeated = 0;
  }

  #noteFault(): void {
    this.#repeated = this.#taken > 0 && this.#present.equals(this.#last) ? this.#repeated + 1 : 1;
    this.#taken++;
    this.#last.copy(this.#present);
  }
}
