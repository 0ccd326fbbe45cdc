import type { Ty } from '../wasm/code-buffer.js';

/**
 * A function outside the graph that semantics may call: a softfloat operation, a function of the core module, or an
 * import.
 *
 * @experimental
 */
export interface Helper {
  /** Import module; `core` for functions that the interpreter module defines itself. */
  readonly module: string;
  /** Name of the function in its module. */
  readonly name: string;
  /** Types of the parameters. */
  readonly params: readonly Ty[];
  /** Type of the result; `undefined`: none. */
  readonly result: Ty | undefined;
  /** Whether it neither reads nor writes state; an impure function is called exactly once, in program order. */
  readonly pure: boolean;
}
