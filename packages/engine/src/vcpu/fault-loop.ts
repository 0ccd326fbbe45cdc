/**
 * Detects a guest that takes one exception after another and never executes an instruction.
 *
 * @experimental
 */
export class FaultLoop {
  /** Number of exceptions in a row, without an instruction between them, that is considered an endless loop. */
  static readonly limit = 1000;
  #at = -Infinity;
  #inARow = 0;

  /** Whether the last exceptions are an endless loop. */
  get endless(): boolean {
    return this.#inARow >= FaultLoop.limit;
  }

  /**
   * Records an exception. It takes at most the time of one instruction.
   *
   * @param instructions - retired so far.
   * @returns the number of exceptions in a row, this one included.
   */
  observe(instructions: number): number {
    this.#inARow = instructions <= this.#at + 1 ? this.#inARow + 1 : 1;
    this.#at = instructions;
    return this.#inARow;
  }

  /** Clears the count at a reset of the vCPU. */
  reset(): void {
    this.#at = -Infinity;
    this.#inARow = 0;
  }
}
