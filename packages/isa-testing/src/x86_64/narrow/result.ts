import { entryOf } from './setup.js';
import type { NarrowCase } from './case.js';
import { SegmentRegister } from '@qvm/isa-x86_64';
import { STATUS_FLAGS } from '../result.js';
import { WINDOW_BYTES } from '../encode.js';
import { descriptorOf } from './setup.js';

/** The vector of INT3, which follows each instruction. */
export const BREAKPOINT = 3;
/** RFLAGS bit 1. */
const FIXED = 2;

/** The effects of an instruction. */
export interface NarrowResult {
  /** The exception; {@link BREAKPOINT} if there was none. */
  readonly vector: number;
  /** The instruction pointer at the end, relative to the instruction. */
  readonly distance: number;
  readonly registers: readonly number[];
  readonly flags: number;
  readonly data: Uint8Array;
}

/** Sizes of the structures of oracle/x86_32/executor.asm. */
export const [NARROW_INPUT_BYTES, NARROW_OUTPUT_BYTES] = [368, 48 + WINDOW_BYTES];
const [REGISTERS, FLAGS, DESCRIPTORS, ENTRY, DATA] = [20, 52, 56, 104, 112];

/** A case as the executor reads it. */
export function writeInput({ bytes, registers, flags, setup, data }: NarrowCase): Uint8Array {
  const input = new Uint8Array(NARROW_INPUT_BYTES);
  const view = new DataView(input.buffer);
  input[0] = bytes.length;
  input.set(bytes, 4);
  registers.forEach((value, n) => view.setUint32(REGISTERS + n * 4, value, true));
  view.setUint32(FLAGS, flags | FIXED, true);
  for (let n = SegmentRegister.ES; n <= SegmentRegister.GS; n++)
    view.setBigUint64(DESCRIPTORS + n * 8, descriptorOf(setup, n), true);
  view.setUint32(ENTRY, entryOf(setup), true);
  input.set(data, DATA);
  return input;
}

/** The result of a case as the executor writes it. */
export function readNarrowOutput(bytes: Uint8Array, { setup }: NarrowCase): NarrowResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const vector = view.getUint32(0, true);
  const ip = view.getUint32(8, true) - (vector === BREAKPOINT ? 1 : 0);
  return {
    vector,
    distance: ip - entryOf(setup),
    registers: Array.from({ length: 8 }, (_, n) => view.getUint32(16 + n * 4, true)),
    flags: view.getUint32(12, true) & STATUS_FLAGS,
    data: bytes.slice(48, 48 + WINDOW_BYTES),
  };
}

/** Bytes of a result in a recording, without the bytes of data that changed. */
const FIXED_BYTES = 1 + 4 + 1 + 2 + 1;

/** A result as its differences from the state before. */
export function encodeNarrow(
  before: NarrowCase,
  { vector, distance, registers, flags, data }: NarrowResult,
): Uint8Array {
  const changed = registers.flatMap((value, n) => (value === before.registers[n] ? [] : [n]));
  const places = [...data.keys()].filter((i) => data[i] !== before.data[i]);
  const bytes = new Uint8Array(FIXED_BYTES + changed.length * 4 + places.length * 2);
  const view = new DataView(bytes.buffer);
  bytes[0] = vector;
  view.setInt32(1, distance, true);
  bytes[5] = changed.reduce((mask, n) => mask | (1 << n), 0);
  view.setUint16(6, flags, true);
  bytes[8] = places.length;
  changed.forEach((n, i) => view.setUint32(FIXED_BYTES + i * 4, registers[n] as number, true));
  places.forEach((at, i) => bytes.set([at, data[at] as number], FIXED_BYTES + changed.length * 4 + i * 2));
  return bytes;
}

/** Reads the result of a case at an offset; returns the offset after it, too. */
export function decodeNarrow(bytes: Uint8Array, at: number, before: NarrowCase): readonly [NarrowResult, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const registers = [...before.registers];
  const data = before.data.slice();
  let next = FIXED_BYTES;
  for (let n = 0; n < 8; n++) {
    if (!(view.getUint8(5) & (1 << n))) continue;
    registers[n] = view.getUint32(next, true);
    next += 4;
  }
  for (let left = view.getUint8(8); left > 0; left--, next += 2) data[view.getUint8(next)] = view.getUint8(next + 1);
  const result = {
    vector: view.getUint8(0),
    distance: view.getInt32(1, true),
    registers,
    flags: view.getUint16(6, true),
    data,
  };
  return [result, at + next];
}
