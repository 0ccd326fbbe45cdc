/** So many exceptions in a row, with no instruction between them, are a guest that faults forever. */
const LIMIT = 1000;

/**
 * Notices a guest that takes one exception after the other and never comes to an instruction.
 *
 * @experimental
 */
export class FaultLoop {
  #at = 0;
  #inARow = 0;

  /**
   * An exception was taken in place of an instruction, and counted as one.
   *
   * @param instructions - retired so far, this one included.
   * @returns whether the guest is lost.
   */
  observe(instructions: number): boolean {
    this.#inARow = instructions === this.#at + 1 ? this.#inARow + 1 : 0;
    this.#at = instructions;
    if (this.#inARow < LIMIT) return false;
    this.#inARow = 0;
    return true;
  }
}
