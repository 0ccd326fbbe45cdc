/**
 * Order and dominators of a flow graph whose entry is node 0.
 *
 * @experimental
 */
export interface Dominance {
  /** Nodes in reverse postorder; unreachable nodes are missing. */
  readonly order: readonly number[];
  /** Position of each node in `order`. */
  readonly position: Int32Array;
  /** Immediate dominator of each node; the entry is its own. */
  readonly parent: Int32Array;
  /** Number of edges from nodes earlier in the order. */
  readonly forwardEdges: Int32Array;
  /** Whether an edge from a later node in the order reaches the node. */
  readonly isLoop: readonly boolean[];
  /** Whether every such edge comes from a node that its target dominates. */
  readonly reducible: boolean;
}

/**
 * Computes dominators (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm").
 *
 * @param successors - successors of each node; negative ones leave the graph.
 * @experimental
 */
export function computeDominance(successors: readonly (readonly number[])[]): Dominance {
  const order = reversePostorder(successors);
  const position = new Int32Array(successors.length).fill(-1);
  order.forEach((n, i) => (position[n] = i));
  const predecessors: number[][] = successors.map(() => []);
  for (const n of order)
    for (const s of successors[n] as readonly number[]) if (s >= 0) (predecessors[s] as number[]).push(n);
  const parent = dominators(order, position, predecessors);
  const forwardEdges = new Int32Array(successors.length);
  const isLoop = successors.map(() => false);
  let reducible = true;
  for (const n of order) {
    for (const s of successors[n] as readonly number[]) {
      if (s < 0) continue;
      if ((position[n] as number) < (position[s] as number)) forwardEdges[s]!++;
      else {
        isLoop[s] = true;
        if (!dominates(s, n, parent)) reducible = false;
      }
    }
  }
  return { order, position, parent, forwardEdges, isLoop, reducible };
}

function reversePostorder(successors: readonly (readonly number[])[]): number[] {
  const seen = new Uint8Array(successors.length);
  const postorder: number[] = [];
  const stack = [0];
  /** Number of the next edge of each node to follow. */
  const edges = new Int32Array(successors.length);
  seen[0] = 1;
  while (stack.length > 0) {
    const n = stack[stack.length - 1] as number;
    const next = (successors[n] as readonly number[])[edges[n]!++];
    if (next === undefined) {
      postorder.push(n);
      stack.pop();
    } else if (next >= 0 && !seen[next]) {
      seen[next] = 1;
      stack.push(next);
    }
  }
  return postorder.reverse();
}

function dominators(
  order: readonly number[],
  position: Int32Array,
  predecessors: readonly (readonly number[])[],
): Int32Array {
  const parent = new Int32Array(position.length).fill(-1);
  const entry = order[0] as number;
  parent[entry] = entry;
  const meet = (x: number, y: number): number => {
    let a = x;
    let b = y;
    while (a !== b) {
      while ((position[a] as number) > (position[b] as number)) a = parent[a] as number;
      while ((position[b] as number) > (position[a] as number)) b = parent[b] as number;
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const n of order) {
      if (n === entry) continue;
      let next = -1;
      for (const p of predecessors[n] as readonly number[]) if (parent[p] !== -1) next = next < 0 ? p : meet(next, p);
      if (parent[n] !== next) {
        parent[n] = next;
        changed = true;
      }
    }
  }
  return parent;
}

function dominates(a: number, b: number, parent: Int32Array): boolean {
  let n = b;
  while (n !== a && parent[n] !== n) n = parent[n] as number;
  return n === a;
}
