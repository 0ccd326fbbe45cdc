import type { Builder, InstructionDecoder, InterpreterDescription } from '@qvm/jit';

/**
 * The instructions of one mode of an architecture: the input of `jit` for the interpreter and for translated regions.
 * All VMs of an architecture share one object for each mode.
 *
 * @experimental
 */
export interface InstructionSet<B extends Builder> extends InterpreterDescription<B> {
  /** Creates the decoder of its rows. */
  makeDecoder(): InstructionDecoder<B>;
  /** Instances, on a VM's memory, of the modules that contain the helper functions, by module name. */
  instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports;
}
