import type { Ty } from '../wasm/code-buffer.js';

/**
 * Allocates the locals of a function under construction. Temporaries are reused from one instruction to the next.
 *
 * @experimental
 */
export class LocalPool {
  /** Types of all locals after the parameters. */
  readonly types: Ty[] = [];
  readonly #temporaries = new Map<Ty, { locals: number[]; used: number }>();

  /** @param parameters - number of parameters, which come first. */
  constructor(private readonly parameters: number) {}

  /** Allocates a local that is never reused. */
  reserve(ty: Ty): number {
    this.types.push(ty);
    return this.parameters + this.types.length - 1;
  }

  /** Allocates a temporary that is valid until {@link releaseAll}. */
  take(ty: Ty): number {
    let pool = this.#temporaries.get(ty);
    if (!pool) this.#temporaries.set(ty, (pool = { locals: [], used: 0 }));
    if (pool.used === pool.locals.length) pool.locals.push(this.reserve(ty));
    return pool.locals[pool.used++] as number;
  }

  /** Makes all temporaries available again. */
  releaseAll(): void {
    for (const pool of this.#temporaries.values()) pool.used = 0;
  }
}
