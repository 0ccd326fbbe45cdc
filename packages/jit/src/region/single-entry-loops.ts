import { stronglyConnected } from './strongly-connected.js';

/**
 * A node that was added to a graph. `dispatch`: goes to the way that was selected last. `select`: selects a way of a
 * dispatch, which is its only successor.
 *
 * @experimental
 */
export type AddedNode =
  | {
      /** The successors are the ways. */
      readonly kind: 'dispatch';
    }
  | {
      /** Sets the way. */
      readonly kind: 'select';
      /** The dispatch. */
      readonly dispatch: number;
      /** Index of the way. */
      readonly way: number;
      /** The node at the end of the way. */
      readonly to: number;
      /** Whether the edges that lead here repeat a loop. */
      readonly repeats: boolean;
    };

/** A graph in which every loop has one entry. @experimental */
export interface ReducibleGraph {
  /** Successors of each node: those of the original graph, then the added ones. Negative ones leave the graph. */
  readonly successors: readonly (readonly number[])[];
  /** The added nodes, in order. */
  readonly added: readonly AddedNode[];
}

/**
 * Gives each loop of a graph that can be entered at several nodes a single entry: a dispatch, to which all edges from
 * outside go. One of the entries, the header, is reached through it from inside, too.
 *
 * @param successors - successors of each node, the entry (0) first; negative ones leave the graph.
 * @experimental
 */
export function withSingleEntryLoops(successors: readonly (readonly number[])[]): ReducibleGraph {
  return new LoopEntries(successors).resolve();
}

class LoopEntries {
  readonly #successors: number[][];
  readonly #added: AddedNode[] = [];
  /** Nodes that the entry reaches: edges from others are no way into a loop. */
  readonly #reachable: Set<number>;

  constructor(successors: readonly (readonly number[])[]) {
    this.#successors = successors.map((of) => [...of]);
    this.#reachable = reachable(successors);
  }

  resolve(): ReducibleGraph {
    // A list instead of recursion: loops may be nested as deeply as there are nodes.
    const open: number[][] = [[...this.#reachable]];
    for (let nodes = open.pop(); nodes !== undefined; nodes = open.pop()) {
      for (const loop of stronglyConnected(nodes, this.#successors)) {
        const header = this.#headerOf(loop);
        open.push(loop.filter((n) => n !== header));
      }
    }
    return { successors: this.#successors, added: this.#added };
  }

  /** The single entry of a loop, which is made if there are several. Without it, the loop's nodes are no loop. */
  #headerOf(loop: readonly number[]): number {
    const inside = new Set(loop);
    const entries = new Set(inside.has(0) ? [0] : []);
    for (const n of this.#reachable) {
      if (inside.has(n)) continue;
      for (const s of this.#successors[n] as readonly number[]) if (inside.has(s)) entries.add(s);
    }
    const [header, ...others] = [...entries];
    if (header === undefined) throw new Error('a loop is not reachable');
    if (others.length > 0) this.#dispatch(inside, [header, ...others]);
    return header;
  }

  /** Leads edges from outside to the ways, and all edges to the first way, through a new node. */
  #dispatch(inside: ReadonlySet<number>, ways: readonly number[]): void {
    const before = [...this.#reachable];
    const dispatch = this.#add({ kind: 'dispatch' }, [...ways]);
    const selections = new Map<string, number>();
    for (const n of before) {
      const of = this.#successors[n] as number[];
      of.forEach((to, edge) => {
        const way = ways.indexOf(to);
        const repeats = inside.has(n);
        if (way < 0 || (repeats && way > 0)) return;
        const key = `${way} ${repeats}`;
        const known = selections.get(key);
        const selection = known ?? this.#add({ kind: 'select', dispatch, way, to, repeats }, [dispatch]);
        selections.set(key, selection);
        of[edge] = selection;
      });
    }
  }

  #add(node: AddedNode, successors: number[]): number {
    this.#added.push(node);
    const n = this.#successors.push(successors) - 1;
    this.#reachable.add(n);
    return n;
  }
}

/** The nodes that the entry reaches. */
function reachable(successors: readonly (readonly number[])[]): Set<number> {
  const seen = new Set([0]);
  for (const n of seen) for (const s of successors[n] as readonly number[]) if (s >= 0) seen.add(s);
  return seen;
}
