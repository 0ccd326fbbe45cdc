import { inputOf } from './oracle-case.js';
import type { OracleProgram, OracleResult } from './oracle-case.js';
import { MACHINE_STATE_BYTES, MachineState } from './machine-state.js';
import type { CaseInput } from './random-state.js';

/** A program with its recorded result and its disassembly. */
export interface OracleCase {
  readonly program: OracleProgram;
  readonly text: string;
  readonly input: CaseInput;
  readonly expected: OracleResult;
}

interface Header {
  readonly seed: number;
  /** Origin of the results. */
  readonly source: string;
  readonly names: readonly (readonly [string, number])[];
  readonly text: readonly string[];
}

const STATE_WORDS = MACHINE_STATE_BYTES / 4;
const CHUNK = 8;

/**
 * A recording: a line of JSON (names with their numbers of cases, disassembly), then the cases. Only the differences
 * between a result and its input are stored: 32-bit words of the state under a bitmap, and chunks of 8 bytes of the
 * data.
 */
export function encodeRecording(
  seed: number,
  source: string,
  cases: readonly { program: OracleProgram; text: string; expected: OracleResult }[],
): Uint8Array {
  const names: [string, number][] = [];
  for (const { program } of cases) {
    const last = names[names.length - 1];
    if (last?.[0] === program.name) last[1]++;
    else names.push([program.name, 1]);
  }
  const header: Header = { seed, source, names, text: cases.map((c) => c.text) };
  const out: number[] = [...new TextEncoder().encode(JSON.stringify(header) + '\n')];
  for (const { program, expected } of cases) encodeCase(out, program, expected);
  return Uint8Array.from(out);
}

function encodeCase(out: number[], program: OracleProgram, expected: OracleResult): void {
  const u32 = (value: number): void =>
    void out.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  const input = inputOf(program);
  u32(program.seed);
  out.push(program.words.length);
  program.words.forEach(u32);
  out.push(expected.signal);
  const [before, after] = [input.state, expected.state].map(
    (s) => new DataView(s.bytes.buffer, s.bytes.byteOffset),
  ) as [DataView, DataView];
  const changed: number[] = [];
  for (let i = 0; i < STATE_WORDS; i++)
    if (before.getUint32(i * 4, true) !== after.getUint32(i * 4, true)) changed.push(i);
  out.push(changed.length, ...changed);
  for (const i of changed) u32(after.getUint32(i * 4, true));
  const chunks: number[] = [];
  for (let at = 0; at < expected.data.length; at += CHUNK) {
    if (expected.data.subarray(at, at + CHUNK).some((byte, i) => byte !== input.data[at + i])) chunks.push(at / CHUNK);
  }
  out.push(chunks.length);
  for (const chunk of chunks)
    out.push(chunk & 255, chunk >>> 8, ...expected.data.subarray(chunk * CHUNK, (chunk + 1) * CHUNK));
}

/**
 * Decodes a recording, case by case.
 *
 * @throws RangeError when the bytes end too early.
 */
export function* decodeRecording(bytes: Uint8Array): Generator<OracleCase> {
  const end = bytes.indexOf(10);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Header;
  const reader = new Reader(bytes, end + 1);
  let number = 0;
  for (const [name, count] of header.names) {
    for (let i = 0; i < count; i++) yield decodeCase(reader, name, header.text[number++] as string);
  }
}

function decodeCase(reader: Reader, name: string, text: string): OracleCase {
  const seed = reader.u32();
  const words = Array.from({ length: reader.u8() }, () => reader.u32());
  const program: OracleProgram = { name, seed, words };
  const input = inputOf(program);
  const signal = reader.u8();
  const state = input.state.clone();
  const view = new DataView(state.bytes.buffer);
  for (const i of Array.from({ length: reader.u8() }, () => reader.u8())) view.setUint32(i * 4, reader.u32(), true);
  const data = input.data.slice();
  for (let chunks = reader.u8(); chunks > 0; chunks--) {
    const at = (reader.u8() | (reader.u8() << 8)) * CHUNK;
    for (let i = 0; i < CHUNK; i++) data[at + i] = reader.u8();
  }
  return { program, text, input, expected: { state: new MachineState(state.bytes), data, signal } };
}

class Reader {
  readonly #view: DataView;

  constructor(
    bytes: Uint8Array,
    private at: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.at++);
  }

  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }
}
