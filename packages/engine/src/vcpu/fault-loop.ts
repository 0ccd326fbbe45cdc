/**
 * Recognises a guest that takes one exception after the other and never comes to an instruction.
 *
 * @experimental
 */
export class FaultLoop {
  /** Exceptions in a row, with no instruction between them, that are taken for an endless loop. */
  static readonly limit = 1000;
  #at = -Infinity;
  #inARow = 0;

  /** Whether the last exceptions were an endless loop. */
  get endless(): boolean {
    return this.#inARow >= FaultLoop.limit;
  }

  /**
   * An exception was taken. It takes the time of one instruction at most.
   *
   * @param instructions - retired so far.
   * @returns the number of exceptions in a row, this one included.
   */
  observe(instructions: number): number {
    this.#inARow = instructions <= this.#at + 1 ? this.#inARow + 1 : 1;
    this.#at = instructions;
    return this.#inARow;
  }

  /** Forgets everything: the vCPU was reset. */
  reset(): void {
    this.#at = -Infinity;
    this.#inARow = 0;
  }
}
