import { Ty } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { SIGNATURES, VECTOR_HELPERS_WASM_BASE64 } from '../generated/vector-helpers-wasm.js';

/** Import module of the functions in {@link vectorHelpers}. @experimental */
export const VECTOR_MODULE = 'vector';

/** The name of a function of the module that is compiled from `assembly/`. @experimental */
export type VectorHelperName = keyof typeof SIGNATURES;

/** Functions named `sat_…` may set FPSR.QC, so they run exactly once; the others neither read nor write state. */
function describe(name: VectorHelperName): Helper {
  const { params, result } = SIGNATURES[name];
  return {
    module: VECTOR_MODULE,
    name,
    params: params.map((type) => Ty[type]),
    result: Ty[result],
    pure: !name.startsWith('sat_'),
  };
}

const HELPERS = new Map((Object.keys(SIGNATURES) as VectorHelperName[]).map((name) => [name, describe(name)]));

/** Vector functions that are too long for a graph, for the interpreter's imports. @experimental */
export const vectorHelpers: readonly Helper[] = [...HELPERS.values()];

/** A vector function as a helper. Those named `sat_…` take the address of FPCR and FPSR last. @experimental */
export function vectorHelper(name: VectorHelperName): Helper {
  return HELPERS.get(name) as Helper;
}

/** Decodes the module's binary, without Node's Buffer. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

let compiled: WebAssembly.Module | undefined;

/**
 * The compiled module, whose only import is `env.memory`, a shared memory. It is compiled at the first call and can be
 * posted to other threads.
 *
 * @throws WebAssembly.CompileError when the engine lacks SIMD or threads.
 * @experimental
 */
export function vectorHelpersModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decode(VECTOR_HELPERS_WASM_BASE64));
  return compiled;
}

/**
 * An instance with a given memory, in which it changes nothing but FPSR.QC, at the address passed to a call. It keeps
 * the state of a call in globals, so every thread needs its own.
 *
 * @param memory - a shared memory of at least one page.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @experimental
 */
export function instantiateVectorHelpers(memory: WebAssembly.Memory): WebAssembly.ModuleImports {
  const { exports } = new WebAssembly.Instance(vectorHelpersModule(), { env: { memory } });
  // The module exports functions only; it imports its memory.
  return exports as WebAssembly.ModuleImports;
}
