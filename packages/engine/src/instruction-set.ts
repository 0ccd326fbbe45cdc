import type { Builder, InstructionDecoder, InterpreterDescription } from '@qvm/jit';

/**
 * The instructions of one mode of an architecture: the input of `jit` for the interpreter and for translated regions.
 * All VMs of an architecture share one object for each mode.
 *
 * @experimental
 */
export interface InstructionSet<B extends Builder> extends InterpreterDescription<B> {
  /**
   * Names what the rows do not tell: a builder or a translation option that makes other regions of the same rows has another
   * version. Translations are kept for a version.
   */
  readonly version: string;
  /**
   * Loads the module that `generateInterpreter` made of this instruction set when the package was built. Absent: the
   * interpreter is generated when it is first needed.
   */
  readonly made?: () => Promise<Uint8Array>;
  /** Creates the decoder of its rows. */
  makeDecoder(): InstructionDecoder<B>;
  /** Instances, on a VM's memory, of the modules that contain the helper functions, by module name. */
  instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports;
}
