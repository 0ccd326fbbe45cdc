/**
 * Bytes that are read in pieces, so that those of a large file need not be in memory twice.
 *
 * @experimental
 */
export interface Contents {
  /** Number of bytes. */
  readonly length: number;
  /**
   * Bytes `begin` to `end`, exclusive. Their memory may be used again for the next piece.
   *
   * @throws RangeError when there are not as many; other errors when they cannot be read.
   */
  piece(begin: number, end: number): Uint8Array;
}

/**
 * Bytes in memory as contents. Pieces are views on them.
 *
 * @experimental
 */
export function contentsOf(bytes: Uint8Array): Contents {
  return {
    length: bytes.length,
    piece(begin, end) {
      checkPiece(bytes.length, begin, end);
      return bytes.subarray(begin, end);
    },
  };
}

/**
 * A part of contents: bytes `begin` to `end`, exclusive.
 *
 * @throws RangeError when there are not as many.
 * @experimental
 */
export function partOf(whole: Contents, begin: number, end: number): Contents {
  checkPiece(whole.length, begin, end);
  const length = end - begin;
  return {
    length,
    piece(from, to) {
      checkPiece(length, from, to);
      return whole.piece(begin + from, begin + to);
    },
  };
}

/**
 * Refuses a piece that contents of this length do not have.
 *
 * @throws RangeError.
 * @experimental
 */
export function checkPiece(length: number, begin: number, end: number): void {
  if (!(begin >= 0 && begin <= end && end <= length))
    throw new RangeError(`bytes ${begin} to ${end} of ${length} are not there`);
}
