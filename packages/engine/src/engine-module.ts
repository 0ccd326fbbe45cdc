import { sha256 } from '@qvm/core/architecture';
import { Predecoder, generateInterpreter, madeInterpreter } from '@qvm/jit';
import type { Builder, Interpreter } from '@qvm/jit';
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
  digest(): Promise<string>;
}

const modules = new WeakMap<object, EngineModule<never>>();

/**
 * The engine of an instruction set: the one that {@link prepareEngine} has made ready, or else its interpreter is generated
 * and compiled at the first call.
 *
 * @throws Error when a row cannot be compiled, RangeError when no record plan fits the geometry.
 * @experimental
 */
export function engineModule<B extends Builder>(instructions: InstructionSet<B>): EngineModule<B> {
  const known = modules.get(instructions);
  if (known) return known as unknown as EngineModule<B>;
  const interpreter = generateInterpreter(instructions);
  return remember(instructions, interpreter, new WebAssembly.Module(interpreter.bytes as Uint8Array<ArrayBuffer>));
}

/**
 * Makes the engine of an instruction set ready in the background, if its interpreter was generated when its package was
 * built; otherwise does nothing.
 *
 * @experimental
 */
export async function prepareEngine<B extends Builder>(instructions: InstructionSet<B>): Promise<void> {
  if (instructions.made === undefined || modules.has(instructions)) return;
  const bytes = await instructions.made();
  const module = await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
  // A VM that could not wait has generated its own.
  if (!modules.has(instructions)) remember(instructions, madeInterpreter(instructions, bytes), module);
}

async function digestOf(instructions: { readonly version: string }, bytes: Uint8Array): Promise<string> {
  return `${instructions.version}.${await sha256(bytes)}`;
}

function remember<B extends Builder>(
  instructions: InstructionSet<B>,
  interpreter: Interpreter<B>,
  module: WebAssembly.Module,
): EngineModule<B> {
  const predecoder = new Predecoder(interpreter, instructions.makeDecoder());
  let known: Promise<string> | undefined;
  const digest = (): Promise<string> => (known ??= digestOf(instructions, interpreter.bytes));
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
