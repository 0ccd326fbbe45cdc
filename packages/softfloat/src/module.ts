import { SIGNATURES, SOFTFLOAT_WASM_BASE64 } from './generated/softfloat-wasm.js';

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

/** The binary of the module, decoded without Node's Buffer. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

let compiled: WebAssembly.Module | undefined;

/**
 * The compiled module, whose only import is `env.memory`, a shared memory. It is compiled at the first call and can be
 * posted to other threads.
 * @throws WebAssembly.CompileError when the engine lacks SIMD or threads.
 * @experimental
 */
export function softfloatModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decode(SOFTFLOAT_WASM_BASE64));
  return compiled;
}

/**
 * An instance with a given memory, of which it reads FPCR and writes FPSR at the address passed to each call, and
 * accesses nothing else. An instance keeps the state of an operation in globals, so every thread needs its own.
 * @param memory A shared memory of at least one page.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @experimental
 */
export function instantiateSoftfloat(memory: WebAssembly.Memory): SoftfloatExports {
  const instance = new WebAssembly.Instance(softfloatModule(), { env: { memory } });
  // The table of types is generated from this module.
  return instance.exports as unknown as SoftfloatExports;
}
