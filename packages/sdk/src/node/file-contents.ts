import { closeSync, readSync } from 'node:fs';
import { checkPiece, type Contents } from '@qvm/core/architecture';

/** Closes files that nothing refers to any more. */
const unused = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/**
 * An open file as contents. Its pieces share one memory, as large as the largest of them, so that reading a file takes no
 * more of the host's memory. The file is closed when nothing refers to the contents any more.
 */
export class FileContents implements Contents {
  #memory = new Uint8Array(0);

  /**
   * @param descriptor - of the file; the contents own it.
   * @param length - of the part that is read, from the beginning.
   */
  constructor(
    private readonly descriptor: number,
    readonly length: number,
  ) {
    unused.register(this, descriptor);
  }

  piece(begin: number, end: number): Uint8Array {
    checkPiece(this.length, begin, end);
    if (this.#memory.length < end - begin) this.#memory = new Uint8Array(end - begin);
    const piece = this.#memory.subarray(0, end - begin);
    for (let done = 0; done < piece.length;) {
      const read = readSync(this.descriptor, piece, done, piece.length - done, begin + done);
      if (read === 0) throw new RangeError('the file has become shorter');
      done += read;
    }
    return piece;
  }
}
