import { Predecoder, generateInterpreter } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { instantiateSoftfloat } from '@qvm/softfloat';
import {
  A64,
  nzcvModel,
  SOFTFLOAT_MODULE,
  softfloatHelpers,
  VECTOR_MODULE,
  instantiateVectorHelpers,
  vectorHelpers,
  a64Rows,
} from '@qvm/isa-aarch64';
import { walkFunction } from './system/walk-function.js';
import type { InstantiateRun, RunFunction } from './vcpu/run-function.js';

/** Functions of other modules that the tables call. @experimental */
export const engineHelpers: readonly Helper[] = [...softfloatHelpers, ...vectorHelpers];

/**
 * The generated interpreter, compiled. It is the same for every VM.
 *
 * @experimental
 */
export interface Engine {
  readonly module: WebAssembly.Module;
  readonly predecoder: Predecoder<A64>;
}

let engine: Engine | undefined;

/** Generates and compiles the interpreter at the first call. @experimental */
export function engineModule(): Engine {
  if (!engine) {
    const interpreter = generateInterpreter({
      rows: a64Rows,
      flags: nzcvModel,
      helpers: engineHelpers,
      builder: A64,
      walk: walkFunction,
    });
    const module = new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>);
    engine = { module, predecoder: new Predecoder(interpreter) };
  }
  return engine;
}

/** Instances of the modules that {@link engineHelpers} come from, on a VM's memory. @experimental */
export function instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports {
  return {
    [SOFTFLOAT_MODULE]: instantiateSoftfloat(memory) as unknown as WebAssembly.ModuleImports,
    [VECTOR_MODULE]: instantiateVectorHelpers(memory),
  };
}

/** Prepares instances of the interpreter on a VM's memory, one for each vCPU. @experimental */
export function instantiateEngine({ module }: Engine, memory: WebAssembly.Memory): InstantiateRun {
  return (imports) => {
    const instance = new WebAssembly.Instance(module, { ...instantiateHelpers(memory), env: { memory, ...imports } });
    const { run, regions, chain } = instance.exports;
    return { run: run as RunFunction, regions: regions as WebAssembly.Table, core: { chain: chain as RunFunction } };
  };
}
