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
  readonly name: string;
  readonly params: readonly Ty[];
  readonly result: Ty | undefined;
  /** Whether it neither reads nor writes state; an impure function is called exactly once, in program order. */
  readonly pure: boolean;
}
