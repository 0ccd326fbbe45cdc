import type { Builder, BuilderClass } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';

/**
 * The parts of an instruction set's description that translation of regions needs.
 *
 * @experimental
 */
export interface RegionDescription<B extends Builder> {
  /** How the architecture's flags follow from the lazy ones. */
  readonly flags: FlagModel;
  /** The architecture's builder. */
  readonly builder: BuilderClass<B>;
  /**
   * Largest size, in instructions, of a region whose loops keep registers in locals. A larger one leaves too often, and
   * at too many places; with few registers it may be larger. Default: 100.
   */
  readonly promotedInstructions?: number;
}
