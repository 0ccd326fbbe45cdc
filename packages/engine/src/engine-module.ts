import { Predecoder, generateInterpreter } from '@qvm/jit';
import type { Builder } from '@qvm/jit';
import type { InstructionSet } from './instruction-set.js';
import type { InstantiateRun, RunFunction } from './vcpu/run-function.js';

/**
 * The generated interpreter of an instruction set, compiled. It is the same for every VM.
 *
 * @experimental
 */
export interface EngineModule<B extends Builder> {
  /** The instruction set that it was generated from. */
  readonly instructions: InstructionSet<B>;
  /** The interpreter, compiled. */
  readonly module: WebAssembly.Module;
  /** Writes the records that its handlers read. */
  readonly predecoder: Predecoder<B>;
}

const modules = new WeakMap<object, EngineModule<never>>();

/**
 * Generates and compiles the interpreter of an instruction set at the first call.
 *
 * @throws Error when a row cannot be compiled, RangeError when no record plan fits the geometry.
 * @experimental
 */
export function engineModule<B extends Builder>(instructions: InstructionSet<B>): EngineModule<B> {
  const known = modules.get(instructions);
  if (known) return known as unknown as EngineModule<B>;
  const interpreter = generateInterpreter(instructions);
  const module = new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>);
  const engine = { instructions, module, predecoder: new Predecoder(interpreter, instructions.makeDecoder()) };
  modules.set(instructions, engine as unknown as EngineModule<never>);
  return engine;
}

/** Prepares instances of the interpreter on a VM's memory, one for each vCPU. @experimental */
export function instantiateEngine<B extends Builder>(
  { module, instructions }: EngineModule<B>,
  memory: WebAssembly.Memory,
): InstantiateRun {
  return (imports) => {
    const helpers = instructions.instantiateHelpers(memory);
    const instance = new WebAssembly.Instance(module, { ...helpers, env: { memory, ...imports } });
    const { run, regions, chain } = instance.exports;
    return { run: run as RunFunction, regions: regions as WebAssembly.Table, core: { chain: chain as RunFunction } };
  };
}
