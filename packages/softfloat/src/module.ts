import { SIGNATURES, SOFTFLOAT_WASM_BASE64 } from './generated/softfloat-wasm.js';
import { SOFTFLOAT_X86_WASM_BASE64, SIGNATURES as X86_SIGNATURES } from './generated/softfloat-x86-wasm.js';

/**
 * A WebAssembly value type in the functions of this package. Floating-point values are passed as integers, so that the
 * payloads of NaNs are preserved.
 * @experimental
 */
export type WasmType = 'i32' | 'i64' | 'v128';

/**
 * The name of an exported function: `f64_add`, `f32_to_s64`, `v_f16_mul` and so on.
 * @experimental
 */
export type SoftfloatName = keyof typeof SIGNATURES;

/**
 * The name of an exported function of the module for x86: `f64_add`, `v_f32_cmp`, `f80_sqrt` and so on.
 * @experimental
 */
export type SoftfloatX86Name = keyof typeof X86_SIGNATURES;

/**
 * The WebAssembly type of a function.
 * @experimental
 */
export interface SoftfloatSignature {
  /** Types of the parameters. */
  readonly params: readonly WasmType[];
  /** Type of the result. */
  readonly result: WasmType;
}

/**
 * The WebAssembly type of every exported function, for a module that imports them.
 * @experimental
 */
export const SOFTFLOAT_SIGNATURES: Readonly<Record<SoftfloatName, SoftfloatSignature>> = SIGNATURES;

/**
 * The same table of the module for x86.
 * @experimental
 */
export const SOFTFLOAT_X86_SIGNATURES: Readonly<Record<SoftfloatX86Name, SoftfloatSignature>> = X86_SIGNATURES;

type JsValue<T> = T extends 'i32' ? number : T extends 'i64' ? bigint : never;
type JsValues<T extends readonly unknown[]> = { -readonly [K in keyof T]: JsValue<T[K]> };
type JsFunction<S> = S extends { params: infer P extends readonly unknown[]; result: infer R }
  ? (...args: JsValues<P>) => JsValue<R>
  : never;

/**
 * The functions of an instance. Those with vectors (`v_...`) can only be called from WebAssembly: JavaScript has no 128-bit value.
 * @experimental
 */
export type SoftfloatExports = {
  readonly [N in SoftfloatName]: JsFunction<(typeof SIGNATURES)[N]>;
};

/**
 * The functions of an instance of the module for x86.
 * @experimental
 */
export type SoftfloatX86Exports = {
  readonly [N in SoftfloatX86Name]: JsFunction<(typeof X86_SIGNATURES)[N]>;
};

/** The binary of a module, decoded without Node's Buffer. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

let compiled: WebAssembly.Module | undefined;
let compiledX86: WebAssembly.Module | undefined;

/**
 * The compiled module with the semantics of AArch64, whose only import is `env.memory`, a shared memory. It is compiled
 * at the first call and can be posted to other threads.
 * @throws WebAssembly.CompileError when the engine lacks SIMD or threads.
 * @experimental
 */
export function softfloatModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decode(SOFTFLOAT_WASM_BASE64));
  return compiled;
}

/**
 * The compiled module with the semantics of x86 (SSE and x87), otherwise as {@link softfloatModule}.
 * @throws WebAssembly.CompileError when the engine lacks SIMD or threads.
 * @experimental
 */
export function softfloatX86Module(): WebAssembly.Module {
  compiledX86 ??= new WebAssembly.Module(decode(SOFTFLOAT_X86_WASM_BASE64));
  return compiledX86;
}

/**
 * An instance with a given memory, of which it reads FPCR and writes FPSR at the address passed to each call, and
 * accesses nothing else. An instance keeps the state of an operation in globals, so every thread needs its own.
 * @param memory A shared memory of at least one page.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @experimental
 */
export function instantiateSoftfloat(memory: WebAssembly.Memory): SoftfloatExports {
  // The table of types is generated from this module.
  return instantiate(softfloatModule(), memory) as unknown as SoftfloatExports;
}

/**
 * An instance of the module for x86 with a given memory, of which it accesses the status block and the operands whose
 * addresses are passed to each call, and nothing else. Every thread needs its own.
 * @param memory A shared memory of at least one page.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @experimental
 */
export function instantiateSoftfloatX86(memory: WebAssembly.Memory): SoftfloatX86Exports {
  return instantiate(softfloatX86Module(), memory) as unknown as SoftfloatX86Exports;
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
