/*
 * The layout of a trace file; docs/formats/trace.md describes it. All numbers are little-endian.
 */

/** First bytes of a trace file: the name, and bytes that a transfer as text would damage. */
export const MAGIC = new Uint8Array([0x51, 0x56, 0x4d, 0x4b, 0x45, 0x56, 0x0d, 0x0a]);
/** Version of the layout. */
export const VERSION = 2;
/** Magic, version, and room. */
export const HEADER_BYTES = 16;
/** Size of a chunk's header: type and length. */
export const CHUNK_HEADER_BYTES = 8;
/** Longest body of a chunk; readers refuse longer ones. */
export const CHUNK_LIMIT = 1 << 23;

/** Types of chunks: four characters, the first in the lowest byte. Readers skip unknown types. */
export enum ChunkType {
  /** A stream: the records of one thread. */
  Stream = 0x4d525453, // STRM
  /** Strings, in order of their numbers. */
  Strings = 0x53525453, // STRS
  /** Records, and the number of records lost before them. */
  Records = 0x53434552, // RECS
  /** The trace is complete. */
  End = 0x454e4f44, // DONE
}
