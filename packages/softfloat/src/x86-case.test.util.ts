/** Calls functions of the module for x86 with operands as they were recorded, from WebAssembly. */
import { instantiateHarness } from './harness.test.util.js';
import { SOFTFLOAT_X86_SIGNATURES, instantiateSoftfloatX86 } from './module.js';
import type { SoftfloatX86Name } from './module.js';

/** The type of an operand: a number, in a lane, or `bcd`, a packed decimal. */
export type X86OperandType = 'f16' | 'f32' | 'f64' | 'f80' | 'i32' | 'i64' | 'bcd';

interface CommonGroup {
  readonly fn: SoftfloatX86Name;
  readonly args: readonly X86OperandType[];
  readonly code: readonly string[];
}

/** A function of the SSE part and the instruction that it was recorded from: see scripts/x86-sse-groups.mjs. */
export interface SseGroup extends CommonGroup {
  readonly x87?: false;
  /** Lanes of a vector; absent for scalars. */
  readonly lanes?: number;
  /** Lanes that the instruction uses, if not all. */
  readonly used?: number;
  /** The function has no parameter for the number of lanes. */
  readonly noLanes?: boolean;
  readonly extra: readonly number[];
  /** Size of the result in bytes. */
  readonly result: number;
}

type Place = 'st0' | 'st1' | 'memory' | 'returned';
type Argument = 'dst' | 'dst2' | 'a' | 'b' | 'mem' | 'low' | 'high' | 'fp' | number;

/** A function of the x87 part and its instruction: see scripts/x87-groups.mjs. */
export interface X87Group extends CommonGroup {
  readonly x87: true;
  readonly places: readonly number[];
  readonly call: readonly Argument[];
  readonly widen?: SoftfloatX86Name;
  readonly results: readonly (readonly [Place, number])[];
  readonly pops?: number;
  readonly refused?: number;
  /** Results may be one unit in the last place off, and C1 is not compared. */
  readonly ulp?: true;
}

export type X86Group = SseGroup | X87Group;

/** Operands, and MXCSR or FCW, of a call. */
export interface X86Case {
  readonly control: number;
  readonly values: readonly bigint[];
}

/** MXCSR or FSW after a call, whether an unmasked exception was raised, and the results. */
export interface X86Outcome {
  readonly status: number;
  readonly trapped: boolean;
  readonly results: readonly bigint[];
}

const BYTES: Readonly<Record<X86OperandType, number>> = { f16: 2, f32: 4, f64: 8, f80: 10, i32: 4, i64: 8, bcd: 10 };

/** The size of an operand in bytes. */
export function bytesOf(group: X86Group, operand: number): number {
  return BYTES[group.args[operand] ?? 'i32'] * (group.x87 ? 1 : (group.lanes ?? 1));
}

/** The sizes of the results in bytes; the last may be whether the instruction completed. */
export function resultBytes(group: X86Group): number[] {
  if (!group.x87) return [group.result];
  return [...group.results.map(([, bytes]) => bytes), ...(group.pops === undefined ? [] : [1])];
}

const FP = 64;
const SLOTS = { dst: 96, dst2: 112, a: 128, b: 144 };
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

/** Calls a function and returns the address of its result. */
function call(fn: SoftfloatX86Name, args: readonly bigint[]): number {
  args.forEach((value, k) => write(ARGS + 16 * k, value));
  callers[fn](ARGS, 1);
  return ARGS + 16 * SOFTFLOAT_X86_SIGNATURES[fn].params.length;
}

function runSse(group: SseGroup, values: readonly bigint[]): X86Outcome {
  const lanes = group.lanes !== undefined && group.noLanes !== true ? [group.used ?? group.lanes] : [];
  const at = call(group.fn, [...values, ...[...group.extra, ...lanes, FP].map(BigInt)]);
  const trapped = view.getUint32(FP + 4, true) !== 0;
  return { status: view.getUint32(FP, true), trapped, results: [trapped ? 0n : read(at, group.result)] };
}

/** The bytes of memory that an instruction did not write. */
const UNTOUCHED = 0xa5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5n;

/** Puts the operands, and into the destinations what they hold before the instruction. */
function fillSlots(group: X87Group, values: readonly bigint[]): Map<Argument, bigint> {
  const operand = (place: number): bigint => values[group.places.indexOf(place)] ?? 0n;
  const mem = operand(2);
  const inMemory = group.results[0]?.[0] === 'memory';
  write(SLOTS.a, operand(0));
  write(SLOTS.b, operand(1));
  write(SLOTS.dst, inMemory ? UNTOUCHED : operand(0));
  write(SLOTS.dst2, operand(1));
  if (group.widen !== undefined) call(group.widen, [BigInt(SLOTS.b), mem]);
  return new Map<Argument, bigint>([
    ...Object.entries(SLOTS).map(([name, at]) => [name as Argument, BigInt(at)] as const),
    ['mem', mem],
    ['low', mem],
    ['high', mem >> 64n],
    ['fp', BigInt(FP)],
  ]);
}

function runX87(group: X87Group, values: readonly bigint[]): X86Outcome {
  const known = fillSlots(group, values);
  const args = group.call.map((argument) => known.get(argument) ?? BigInt(argument));
  const returned = call(group.fn, args);
  const places: Readonly<Record<Place, number>> = { st0: SLOTS.dst, st1: SLOTS.dst2, memory: SLOTS.dst, returned };
  const results = group.results.map(([place, bytes]) => read(places[place], bytes));
  const value = view.getUint32(returned, true);
  const completed = group.refused === undefined ? value !== 0 : (value & group.refused) === 0;
  if (group.pops !== undefined) results.push(BigInt(completed));
  const status = view.getUint32(FP + 4, true);
  return { status, trapped: (status & 0x80) !== 0, results };
}

/** The outcome of a recorded case. */
function run(group: X86Group, { control, values }: X86Case): X86Outcome {
  view.setUint32(FP, control, true);
  view.setUint32(FP + 4, 0, true);
  return group.x87 ? runX87(group, values) : runSse(group, values);
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function text({ status, trapped, results }: X86Outcome): string {
  return `${results.map(hex).join(' ')} and status ${hex(status)}${trapped ? ' (trapped)' : ''}`;
}

/** The magnitude of an 80-bit number as an integer: those of neighbours differ by one. */
const magnitude = (value: bigint): bigint => (((value >> 64n) & 0x7fffn) << 63n) | BigInt.asUintN(63, value);

/** Whether two numbers are the same or neighbours. */
function isNear(a: bigint, b: bigint): boolean {
  const distance = magnitude(a) - magnitude(b);
  return a === b || (a >> 79n === b >> 79n && distance >= -1n && distance <= 1n);
}

const C1 = 0x200;

function isEqual(group: X86Group, a: X86Outcome, b: X86Outcome): boolean {
  const exact = !group.x87 || group.ulp !== true;
  if (exact) return text(a) === text(b);
  if ((a.status | C1) !== (b.status | C1)) return false;
  return a.results.every((value, k) => isNear(value, b.results[k] ?? -1n));
}

/** A description of a case whose outcome differs, otherwise undefined. */
export function differenceOf(group: X86Group, entry: X86Case, expected: X86Outcome): string | undefined {
  const got = run(group, entry);
  if (isEqual(group, got, expected)) return undefined;
  const operands = entry.values.map(hex).join(', ');
  const call = `${group.fn}(${operands}) as ${group.code.join('; ')} with control ${hex(entry.control)}`;
  return `${call}: got ${text(got)}, expected ${text(expected)}`;
}
