/** Calls functions of the module for x86 with operands as they were recorded, from WebAssembly. */
import { instantiateHarness } from './harness.test.util.js';
import { SOFTFLOAT_X86_SIGNATURES, instantiateSoftfloatX86 } from './module.js';
import type { SoftfloatX86Name } from './module.js';

/** The type of an operand: a number in a lane. */
export type X86OperandType = 'f32' | 'f64' | 'i32' | 'i64';

/** A function and the instruction that it was recorded from. */
export interface X86Group {
  readonly fn: SoftfloatX86Name;
  readonly args: readonly X86OperandType[];
  /** Lanes of a vector; absent for scalars. */
  readonly lanes?: number;
  /** Lanes that the instruction uses, if not all. */
  readonly used?: number;
  /** The function has no parameter for the number of lanes. */
  readonly noLanes?: boolean;
  readonly extra: readonly number[];
  /** Size of the result in bytes. */
  readonly result: number;
  readonly code: readonly string[];
}

/** Operands and MXCSR of a call. */
export interface X86Case {
  readonly control: number;
  readonly values: readonly bigint[];
}

/** MXCSR after a call, and the result unless an unmasked exception was raised. */
export interface X86Outcome {
  readonly status: number;
  readonly trapped: boolean;
  readonly result: bigint;
}

const BYTES: Readonly<Record<X86OperandType, number>> = { f32: 4, f64: 8, i32: 4, i64: 8 };

/** The size of an operand in bytes. */
export function bytesOf(group: X86Group, operand: number): number {
  return BYTES[group.args[operand] ?? 'i32'] * (group.lanes ?? 1);
}

const FP = 64;
const ARGS = 256;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
const view = new DataView(memory.buffer);
const callers = instantiateHarness(memory, instantiateSoftfloatX86(memory), SOFTFLOAT_X86_SIGNATURES);

function write(at: number, value: bigint): void {
  view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setBigUint64(at + 8, BigInt.asUintN(64, value >> 64n), true);
}

function read(at: number, bytes: number): bigint {
  const wide = (view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true);
  return BigInt.asUintN(8 * bytes, wide);
}

/** The arguments after the operands: `extra`, the number of lanes of a vector, the status block. */
function tailOf(group: X86Group): number[] {
  const lanes = group.lanes !== undefined && group.noLanes !== true ? [group.used ?? group.lanes] : [];
  return [...group.extra, ...lanes, FP];
}

/** The outcome of a recorded case. */
export function runX86Case(group: X86Group, { control, values }: X86Case): X86Outcome {
  view.setUint32(FP, control, true);
  view.setUint32(FP + 4, 0, true);
  values.forEach((value, k) => write(ARGS + 16 * k, value));
  tailOf(group).forEach((value, k) => view.setUint32(ARGS + 16 * (values.length + k), value, true));
  callers[group.fn](ARGS, 1);
  const pending = view.getUint32(FP + 4, true);
  const status = view.getUint32(FP, true);
  const result = read(ARGS + 16 * SOFTFLOAT_X86_SIGNATURES[group.fn].params.length, group.result);
  return { status, trapped: pending !== 0, result: pending === 0 ? result : 0n };
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function text({ status, trapped, result }: X86Outcome): string {
  return `${trapped ? '#XM' : hex(result)} and MXCSR ${hex(status)}`;
}

/** A description of a case whose outcome differs, otherwise undefined. */
export function differenceOf(group: X86Group, entry: X86Case, expected: X86Outcome): string | undefined {
  const got = runX86Case(group, entry);
  if (text(got) === text(expected)) return undefined;
  const args = [...entry.values.map(hex), ...group.extra].join(', ');
  const call = `${group.fn}(${args}) as ${group.code[0] ?? ''} with MXCSR ${hex(entry.control)}`;
  return `${call}: got ${text(got)}, expected ${text(expected)}`;
}
