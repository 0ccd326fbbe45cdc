/**
 * The loops of a part of a graph: the sets of nodes of which each reaches all (Tarjan, "Depth-First Search and Linear
 * Graph Algorithms"). A node alone is a loop if it is its own successor.
 *
 * @param nodes - the part; edges to other nodes are ignored.
 * @param successors - successors of each node of the graph.
 * @internal
 */
export function stronglyConnected(
  nodes: readonly number[],
  successors: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return new Search(new Set(nodes), successors).run();
}

interface Visit {
  readonly node: number;
  /** Number of the next edge to follow. */
  edge: number;
}

class Search {
  /** Order of the first visit. */
  readonly #index = new Map<number, number>();
  /** The earliest node, by that order, that is known to be in the same set. */
  readonly #low = new Map<number, number>();
  /** Nodes whose set is not complete. */
  readonly #pending: number[] = [];
  readonly #isPending = new Set<number>();
  readonly #loops: number[][] = [];

  constructor(
    private readonly nodes: ReadonlySet<number>,
    private readonly successors: readonly (readonly number[])[],
  ) {}

  run(): readonly (readonly number[])[] {
    for (const node of this.nodes) if (!this.#index.has(node)) this.#visit(node);
    return this.#loops;
  }

  #visit(start: number): void {
    const path: Visit[] = [this.#enter(start)];
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const { node } = visit;
      const next = (this.successors[node] as readonly number[])[visit.edge++];
      if (next === undefined) {
        path.pop();
        this.#complete(node);
        const from = path.at(-1);
        if (from) this.#lower(from.node, this.#low.get(node) as number);
      } else if (this.nodes.has(next)) {
        if (!this.#index.has(next)) path.push(this.#enter(next));
        else if (this.#isPending.has(next)) this.#lower(node, this.#index.get(next) as number);
      }
    }
  }

  #enter(node: number): Visit {
    const index = this.#index.size;
    this.#index.set(node, index);
    this.#low.set(node, index);
    this.#pending.push(node);
    this.#isPending.add(node);
    return { node, edge: 0 };
  }

  #lower(node: number, to: number): void {
    if (to < (this.#low.get(node) as number)) this.#low.set(node, to);
  }

  /** Takes the set that begins at a node, if it is complete. */
  #complete(node: number): void {
    if (this.#low.get(node) !== this.#index.get(node)) return;
    const set = this.#pending.splice(this.#pending.indexOf(node));
    for (const member of set) this.#isPending.delete(member);
    if (set.length > 1 || (this.successors[node] as readonly number[]).includes(node)) this.#loops.push(set);
  }
}
