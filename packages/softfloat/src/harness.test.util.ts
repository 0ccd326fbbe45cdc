/**
 * A module that calls functions from WebAssembly, as an interpreter does: JavaScript can neither pass vectors nor
 * measure short calls. Linking it also verifies the table of types, because a function of another type than declared
 * would not link.
 */
import type { SoftfloatSignature, WasmType } from './module.js';

const CODE: Record<WasmType, number> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };
const LOAD: Record<WasmType, number[]> = { i32: [0x28, 2], i64: [0x29, 3], v128: [0xfd, 0, 4] };
const STORE: Record<WasmType, number[]> = { i32: [0x36, 2], i64: [0x37, 3], v128: [0xfd, 11, 4] };

function leb(value: number): number[] {
  const rest = value >>> 7;
  return rest === 0 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...leb(rest)];
}

const list = (items: readonly number[][]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];
const text = (value: string): number[] => list([...value].map((char) => [char.charCodeAt(0)]));

function functionType({ params, result }: SoftfloatSignature): number[] {
  return [0x60, ...list(params.map((type) => [CODE[type]])), 1, CODE[result]];
}

/** Pushes the arguments, 16 bytes apart from the address in local 0. */
function pushArguments(params: readonly WasmType[]): number[] {
  return params.flatMap((type, i) => [0x20, 0, ...LOAD[type], ...leb(16 * i)]);
}

/** (address, times): calls the function `times` times and stores its result after its arguments. */
function body(index: number, { params, result }: SoftfloatSignature): number[] {
  const call = [0x20, 0, ...pushArguments(params), 0x10, ...leb(index), ...STORE[result], ...leb(16 * params.length)];
  const countDown = [0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0];
  const code = [0, 0x03, 0x40, ...call, ...countDown, 0x0b, 0x0b];
  return [...leb(code.length), ...code];
}

/** Calls a function: arguments lie 16 bytes apart from `address` on, the result follows them. */
export type Caller = (address: number, times: number) => void;

/** A caller for each function of an instance, by name. */
export function instantiateHarness<N extends string>(
  memory: WebAssembly.Memory,
  functions: object,
  signatures: Readonly<Record<N, SoftfloatSignature>>,
): Record<N, Caller> {
  const entries = Object.entries<SoftfloatSignature>(signatures);
  const callerType = [0x60, 2, 0x7f, 0x7f, 0];
  const importMemory = [...text('env'), ...text('memory'), 2, 3, 1, ...leb(65536)];
  const imports = entries.map(([name], i) => [...text('softfloat'), ...text(name), 0, ...leb(i + 1)]);
  const exported = entries.map(([name], i) => [...text(name), 0, ...leb(entries.length + i)]);
  const bytes = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([callerType, ...entries.map(([, signature]) => functionType(signature))])),
    ...section(2, list([importMemory, ...imports])),
    ...section(3, list(entries.map(() => [0]))),
    ...section(7, list(exported)),
    ...section(10, list(entries.map(([, signature], i) => body(i, signature)))),
  ]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory },
    softfloat: functions as Record<string, WebAssembly.ExportValue>,
  });
  return instance.exports as unknown as Record<N, Caller>;
}
