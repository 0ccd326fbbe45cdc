import type { Case } from './case.js';
import { SIGFPE, STATUS_FLAGS, VECTOR_BYTES } from './result.js';
import type { Result } from './result.js';

/** The header of a recording. */
export interface RecordingHeader {
  readonly seed: number;
  /** Cases of each encoding with each operand size, in registers and in memory. */
  readonly perVariant: number;
  /** The processor that executed the instructions. */
  readonly source: string;
  /** Names of the rows with their numbers of cases, in order. */
  readonly rows: readonly (readonly [name: string, cases: number])[];
}

/** Writes numbers of any length. */
class Bytes {
  readonly all: number[] = [];

  put(value: number | bigint, count: number): void {
    let rest = BigInt.asUintN(count * 8, BigInt(value));
    for (let i = 0; i < count; i++) {
      this.all.push(Number(rest & 255n));
      rest >>= 8n;
    }
  }
}

/**
 * A recording: a line of JSON, then for each case the signal, after SIGFPE MXCSR, and, if it is 0, the differences from the state before: a mask
 * of the general registers with the values of those that changed, the flags, then the halves of the YMM registers, the words of the x87 image and the bytes of data likewise.
 */
export function encodeRecording(header: RecordingHeader, results: readonly (readonly [Case, Result])[]): Uint8Array {
  const bytes = new Bytes();
  for (const [before, { signal, registers, flags, vectors, image, data }] of results) {
    bytes.put(signal, 1);
    if (signal === SIGFPE) bytes.all.push(...image.subarray(MXCSR, MXCSR + 4));
    if (signal !== 0) continue;
    const changed = registers.flatMap((value, n) => (value === BigInt.asUintN(64, before.registers[n]!) ? [] : [n]));
    bytes.put(maskOf(changed), 2);
    for (const n of changed) bytes.put(registers[n]!, 8);
    bytes.put(flags, 2);
    const halves = Array.from({ length: HALVES }, (_, n) => n);
    const lanes = halves.filter((n) => differs(before.vectors, vectors, n * 16, 16));
    bytes.put(maskOf(lanes) >>> 0, 4);
    for (const n of lanes) bytes.all.push(...vectors.subarray(n * 16, n * 16 + 16));
    const words = IMAGE_PLACES.filter((at) => differs(before.image, image, at, 2));
    bytes.put(words.length, 1);
    for (const at of words) bytes.all.push(at, image[at]!, image[at + 1]!);
    const places = [...data.keys()].filter((i) => data[i] !== before.data[i]);
    bytes.put(places.length, 1);
    for (const i of places) bytes.all.push(i, data[i]!);
  }
  return Uint8Array.from([...new TextEncoder().encode(JSON.stringify(header) + '\n'), ...bytes.all]);
}

/** Halves of YMM registers. */
const HALVES = VECTOR_BYTES / 16;
/** Offset of MXCSR in an image. */
const MXCSR = 24;
/** Words of an image that are compared: FCW, FSW, tags, MXCSR and the registers. */
const IMAGE_PLACES = [
  0,
  2,
  4,
  24,
  26,
  ...Array.from({ length: 40 }, (_, i) => 32 + Math.floor(i / 5) * 16 + (i % 5) * 2),
];

const maskOf = (numbers: readonly number[]): number => numbers.reduce((mask, n) => mask | (1 << n), 0);

function differs(x: Uint8Array, y: Uint8Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (x[i] !== y[i]) return true;
  return false;
}

/** Reads a recording, one result after the other. */
export class RecordingReader {
  readonly header: RecordingHeader;
  readonly #view: DataView;
  #at: number;

  constructor(private readonly bytes: Uint8Array) {
    const end = bytes.indexOf(10);
    this.header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as RecordingHeader;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = end + 1;
  }

  /** Whether all results have been read. */
  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** The next result, which is that of `before`. */
  next(before: Case): Result {
    const signal = this.#number(1);
    const registers = before.registers.map((value) => BigInt.asUintN(64, value));
    const [vectors, image, data] = [before.vectors.slice(), before.image.slice(), before.data.slice()];
    if (signal === SIGFPE) image.set(this.#bytes(4), MXCSR);
    if (signal !== 0) return { signal, registers, flags: before.flags & STATUS_FLAGS, vectors, image, data };
    const changed = this.#number(2);
    for (let n = 0; n < 16; n++) if (changed & (1 << n)) registers[n] = this.#wide();
    const flags = this.#number(2);
    const lanes = this.#number(4);
    for (let n = 0; n < HALVES; n++) if (lanes & (1 << n)) vectors.set(this.#bytes(16), n * 16);
    for (let left = this.#number(1); left > 0; left--) {
      const at = this.#number(1);
      image.set(this.#bytes(2), at);
    }
    for (let left = this.#number(1); left > 0; left--) data[this.#number(1)] = this.#number(1);
    return { signal, registers, flags, vectors, image, data };
  }

  #number(count: 1 | 2 | 4): number {
    this.#at += count;
    const at = this.#at - count;
    if (count === 4) return this.#view.getUint32(at, true);
    return count === 1 ? this.#view.getUint8(at) : this.#view.getUint16(at, true);
  }

  #wide(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8, true);
  }

  #bytes(count: number): Uint8Array {
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}
