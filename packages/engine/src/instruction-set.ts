import type { Builder, InstructionDecoder, InterpreterDescription } from '@qvm/jit';

/**
 * The instructions of an architecture: what `jit` makes the interpreter and translated regions from. There is one object for all VMs of an
 * architecture.
 *
 * @experimental
 */
export interface InstructionSet<B extends Builder> extends InterpreterDescription<B> {
  /** Makes the decoder of its rows. */
  makeDecoder(): InstructionDecoder<B>;
  /** Instances, on a VM's memory, of the modules that the helpers come from, by module name. */
  instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports;
}
