import { ExitReason } from '@qvm/jit';
import type { InstructionHarness, Outcome } from './instruction-harness.js';
import { DATA_BYTES } from './instruction-harness.js';
import type { MachineState } from './machine-state.js';
import { MACHINE_STATE_BYTES } from './machine-state.js';
import { Random } from './random.js';
import { randomInput } from './random-state.js';
import type { CaseInput } from './random-state.js';

/** Linux signal numbers with which a program can end. */
export enum Signal {
  SIGILL = 4,
  SIGTRAP = 5,
  SIGBUS = 7,
  SIGSEGV = 11,
}

/** A program and the seed of its initial state. */
export interface OracleProgram {
  /** Row under test, or the name of a group of mixed programs. */
  readonly name: string;
  readonly seed: number;
  /** The last word is the one under test, except in mixed programs. */
  readonly words: readonly number[];
}

/** Final state of a program: registers, memory and the signal. */
export interface OracleResult {
  readonly state: MachineState;
  readonly data: Uint8Array;
  readonly signal: Signal;
}

/** The initial state of a program. */
export function inputOf({ seed, words }: OracleProgram): CaseInput {
  return randomInput(new Random(seed), words);
}

/** Runs a program in the harness from the initial state for its seed, or from `input` if the caller has computed it. */
export function runProgram(
  harness: InstructionHarness,
  program: OracleProgram,
  input = inputOf(program),
): OracleResult & { readonly outcome: Outcome } {
  const state = input.state.clone();
  harness.data.set(input.data);
  const outcome = harness.run(state, program.words);
  return { state, data: harness.data, signal: signalOf(outcome), outcome };
}

function signalOf({ reason, misaligned, address }: Outcome): Signal {
  switch (reason as ExitReason) {
    case ExitReason.Undefined:
      return Signal.SIGILL;
    case ExitReason.Fault:
      return misaligned ? Signal.SIGBUS : Signal.SIGSEGV;
    case ExitReason.Fetch:
      return (address & 3n) === 0n ? Signal.SIGSEGV : Signal.SIGBUS;
    default:
      return Signal.SIGTRAP;
  }
}

const NAMES = ['FPCR', 'FPSR', 'NZCV', '', 'PC', ''];

/** The differences between an expected and an actual result as text, one per line; empty if they are equal. */
export function differences(before: CaseInput, expected: OracleResult, actual: OracleResult): string[] {
  if (
    expected.signal === actual.signal &&
    equal(expected.state.bytes, actual.state.bytes) &&
    equal(expected.data, actual.data)
  )
    return [];
  const lines: string[] = [];
  const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, '0');
  const report = (
    name: string,
    was: bigint | number,
    want: bigint | number,
    got: bigint | number,
    digits = 1,
  ): void => {
    if (want !== got)
      lines.push(`${name}: was ${hex(was, digits)}, expected ${hex(want, digits)}, got ${hex(got, digits)}`);
  };
  for (let n = 0; n < 32; n++)
    report(n === 31 ? 'SP' : `X${n}`, before.state.x(n), expected.state.x(n), actual.state.x(n), 16);
  for (let n = 0; n < 32; n++) report(`V${n}`, before.state.v(n), expected.state.v(n), actual.state.v(n), 32);
  const words = [before, expected, actual].map(
    ({ state }) => new Uint32Array(state.bytes.buffer.slice(768, MACHINE_STATE_BYTES)),
  );
  NAMES.forEach((name, i) => {
    if (name !== '') report(name, words[0]?.[i] ?? 0, words[1]?.[i] ?? 0, words[2]?.[i] ?? 0, 8);
  });
  if (expected.signal !== actual.signal)
    lines.push(`ended with ${Signal[expected.signal] ?? expected.signal}, got ${Signal[actual.signal]}`);
  for (let at = 0; at < DATA_BYTES; at++) {
    if (expected.data[at] === actual.data[at]) continue;
    const end = Math.min(DATA_BYTES, at + 16);
    const row = (data: Uint8Array): string => [...data.subarray(at, end)].map((byte) => hex(byte, 2)).join(' ');
    lines.push(
      `data+0x${hex(at, 1)}: was ${row(before.data)}`,
      `  expected ${row(expected.data)}`,
      `  got      ${row(actual.data)}`,
    );
    at = end - 1;
  }
  return lines;
}

function equal(x: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

/** The registers in an input that a word may use, for the report of a failure. */
export function describeInput({ state }: CaseInput, word: number): string {
  const numbers = [...new Set([word & 31, (word >>> 5) & 31, (word >>> 10) & 31, (word >>> 16) & 31])];
  const hex = (value: bigint | number): string => value.toString(16);
  const general = numbers.map((n) => `${n === 31 ? 'SP' : `X${n}`}=${hex(state.x(n))}`);
  const vectors = numbers.map((n) => `V${n}=${hex(state.v(n)).padStart(32, '0')}`);
  return [...general, ...vectors, `NZCV=${hex(state.nzcv)} FPCR=${hex(state.fpcr)} FPSR=${hex(state.fpsr)}`].join(' ');
}
