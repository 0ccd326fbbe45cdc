import type { CodeBuffer } from '../wasm/code-buffer.js';
import type { Dominance } from './dominators.js';

/**
 * Emits the blocks of a graph.
 *
 * @experimental
 */
export interface BlockEmitter {
  /**
   * Emits the code of a block. A block with two successors pushes a condition (i32); if it is not 0, the first
   * successor follows. A block with more successors pushes the index of the one that follows; none of them may leave
   * the region. A block without successors ends in a branch out of the region.
   *
   * @param isLoop - whether a later block branches back to it.
   */
  emit(block: number, isLoop: boolean): void;
  /** Leaves the region instead of going from `block` to its successor number `edge`. */
  leave(block: number, edge: number): void;
}

/**
 * Converts a reducible flow graph to blocks and loops of WebAssembly by its dominator tree (Ramsey, "Beyond
 * Relooper"): a node with several forward edges follows the block that its dominator opens for it; a loop header opens
 * a loop.
 *
 * @param successors - successors of each node, the entry first; negative ones leave the graph.
 * @param dominance - dominance of `successors`.
 * @throws Error when the graph is irreducible.
 * @experimental
 */
export function emitStructured(
  code: CodeBuffer,
  successors: readonly (readonly number[])[],
  emitter: BlockEmitter,
  dominance: Dominance,
): void {
  if (!dominance.reducible) throw new Error('a loop has several entries');
  new Structurer(code, successors, dominance, emitter).tree(0);
}

class Structurer {
  /** Label of the construct that a branch to a node ends or repeats. */
  readonly #labels: number[] = [];
  readonly #merges: number[][];
  /** Nodes that a branch table leads to: each follows a block of its own, as if several edges led there. */
  readonly #inTable = new Set<number>();

  constructor(
    private readonly code: CodeBuffer,
    private readonly successors: readonly (readonly number[])[],
    private readonly dominance: Dominance,
    private readonly emitter: BlockEmitter,
  ) {
    this.#merges = successors.map(() => []);
    for (const n of dominance.order) {
      const to = successors[n] as readonly number[];
      if (to.length > 2) for (const s of to) this.#inTable.add(s);
    }
    // In descending order, so that the last node gets the outermost block.
    for (const n of [...dominance.order].reverse()) {
      if (this.#isMerge(n)) (this.#merges[dominance.parent[n] as number] as number[]).push(n);
    }
  }

  tree(n: number): void {
    if (!this.dominance.isLoop[n]) {
      this.#within(n, 0);
      return;
    }
    const before = this.#labels[n];
    this.#labels[n] = this.code.loop();
    this.#within(n, 0);
    this.code.end();
    if (before !== undefined) this.#labels[n] = before;
  }

  #within(n: number, first: number): void {
    const merge = (this.#merges[n] as number[])[first];
    if (merge === undefined) {
      this.emitter.emit(n, this.dominance.isLoop[n] as boolean);
      this.#leaveBlock(n);
      return;
    }
    this.#labels[merge] = this.code.block();
    this.#within(n, first + 1);
    this.code.end();
    this.tree(merge);
  }

  #leaveBlock(n: number): void {
    const to = this.successors[n] as readonly number[];
    const [first, second] = to;
    if (first === undefined) return;
    if (second === undefined) {
      this.#edge(n, 0, first);
      return;
    }
    if (to.length > 2) {
      const labels = to.map((s) => this.#labels[s] as number);
      this.code.brTable(labels.slice(0, -1), labels.at(-1) as number);
      return;
    }
    this.code.if();
    this.#edge(n, 0, first);
    this.code.end();
    this.#edge(n, 1, second);
  }

  #edge(n: number, edge: number, to: number): void {
    if (to < 0) this.emitter.leave(n, edge);
    else if (this.#isBack(n, to) || this.#isMerge(to)) this.code.br(this.#labels[to] as number);
    else this.tree(to);
  }

  #isBack(from: number, to: number): boolean {
    return (this.dominance.position[from] as number) >= (this.dominance.position[to] as number);
  }

  #isMerge(n: number): boolean {
    const edges = this.dominance.forwardEdges[n] as number;
    return edges > 1 || (edges === 1 && this.#inTable.has(n));
  }
}
