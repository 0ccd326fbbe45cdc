import { WINDOW_BYTES } from './encode.js';
import { IMAGE_BYTES } from './float-values.js';

/** Number of bytes of the YMM registers of a case. */
export const VECTOR_BYTES = 512;
/** Number of the signal of arithmetic exceptions. */
export const SIGFPE = 8;
/** Bits of RFLAGS that are compared: CF, PF, AF, ZF, SF and OF. */
export const STATUS_FLAGS = 0x8d5;

/** The effects of an instruction. */
export interface Result {
  /** Number of the signal that it raised, or 0; then the rest has no meaning. */
  readonly signal: number;
  readonly registers: readonly bigint[];
  readonly flags: number;
  readonly vectors: Uint8Array;
  /** As in `Case`. After SIGFPE, MXCSR in it has a meaning. */
  readonly image: Uint8Array;
  readonly data: Uint8Array;
}

/** Sizes of the structures of oracle/x86_64/execute.c. */
export const INPUT_BYTES = 16 + 17 * 8 + VECTOR_BYTES + IMAGE_BYTES + WINDOW_BYTES;
export const OUTPUT_BYTES = 1 + 17 * 8 + VECTOR_BYTES + IMAGE_BYTES + WINDOW_BYTES;
const REGISTERS = 16;

/** Reads a `struct output`. */
export function readOutput(bytes: Uint8Array): Result {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = 1 + 17 * 8;
  const end = at + VECTOR_BYTES + IMAGE_BYTES;
  return {
    signal: view.getUint8(0),
    registers: Array.from({ length: REGISTERS }, (_, i) => view.getBigUint64(1 + i * 8, true)),
    flags: Number(view.getBigUint64(1 + REGISTERS * 8, true)) & STATUS_FLAGS,
    vectors: bytes.slice(at, at + VECTOR_BYTES),
    image: bytes.slice(at + VECTOR_BYTES, end),
    data: bytes.slice(end, end + WINDOW_BYTES),
  };
}
