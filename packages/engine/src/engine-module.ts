import { Predecoder, generateInterpreter } from '@qvm/jit';
import type { Builder } from '@qvm/jit';
import { fingerprint } from './code/fingerprint.js';
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
  /** Tells the instruction set from others: it is made from the semantics of all rows. */
  readonly digest: string;
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
  const predecoder = new Predecoder(interpreter, instructions.makeDecoder());
  const digest = `${instructions.version}.${interpreter.bytes.length}.${fingerprint(interpreter.bytes)}`;
  const engine = { instructions, module, predecoder, digest };
  modules.set(instructions, engine as unknown as EngineModule<never>);
  return engine;
}

/**
 * The instruction sets of an architecture's modes, by the number of the mode. Each is compiled when it is first needed.
 *
 * @throws Error for a mode that the architecture does not have, or when the instruction set names another mode.
 * @experimental
 */
export function engineModules<B extends Builder>(
  instructions: readonly InstructionSet<B>[],
): (mode: number) => EngineModule<B> {
  instructions.forEach(({ mode = 0 }, index) => {
    if (mode !== index) throw new Error(`the instruction set number ${index} names mode ${mode}`);
  });
  return (mode) => {
    const set = instructions[mode];
    if (set === undefined) throw new Error(`the architecture has no mode ${mode}`);
    return engineModule(set);
  };
}

/** Prepares instances of the interpreter on a VM's memory, one for each vCPU. @experimental */
export function instantiateEngine<B extends Builder>(
  { module, instructions }: EngineModule<B>,
  memory: WebAssembly.Memory,
): InstantiateRun {
  return ({ slow, flush, call }) => {
    const helpers = instructions.instantiateHelpers(memory);
    const instance = new WebAssembly.Instance(module, {
      ...helpers,
      env: { memory, slow, flush, call: (_cpu: number, left: number, request: number) => call(left, request) },
    });
    const { run, regions, chain } = instance.exports;
    return { run: run as RunFunction, regions: regions as WebAssembly.Table, core: { chain: chain as RunFunction } };
  };
}
