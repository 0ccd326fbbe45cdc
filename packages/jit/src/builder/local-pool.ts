import { Ty } from '../wasm/code-buffer.js';

/** The type with the smallest number. */
const FIRST_TYPE = Ty.v128;

/**
 * Allocates the locals of a function under construction. Temporaries are reused from one instruction to the next.
 *
 * @experimental
 */
export class LocalPool {
  /** Types of all locals after the parameters. */
  readonly types: Ty[] = [];
  /** The temporaries of each type, by the type. */
  readonly #temporaries: number[][] = [];
  /** Number of them that are in use, by type. */
  readonly #used: number[] = [];

  /** @param parameters - number of parameters, which come first. */
  constructor(private readonly parameters: number) {}

  /** Allocates a local that is never reused. */
  reserve(ty: Ty): number {
    this.types.push(ty);
    return this.parameters + this.types.length - 1;
  }

  /** Allocates a temporary that is valid until {@link releaseAll}. */
  take(ty: Ty): number {
    const temporaries = (this.#temporaries[ty - FIRST_TYPE] ??= []);
    const used = this.#used[ty - FIRST_TYPE] ?? 0;
    if (used === temporaries.length) temporaries.push(this.reserve(ty));
    this.#used[ty - FIRST_TYPE] = used + 1;
    return temporaries[used] as number;
  }

  /** Makes all temporaries available again. */
  releaseAll(): void {
    this.#used.fill(0);
  }
}
