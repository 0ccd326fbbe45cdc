import { randomSource } from '../random.test.helper.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { computeDominance } from './dominators.js';
import { withSingleEntryLoops } from './single-entry-loops.js';
import type { AddedNode } from './single-entry-loops.js';
import { emitStructured } from './structure.js';

type Graph = readonly (readonly number[])[];

const STEPS = 64;
const [BITS, STEP] = [0, 1];

/** The bit by which step number `step` chooses between two successors; of more, it and the next two choose. */
const choice = (bits: bigint, step: number, ways: number): number => {
  const rest = Number((bits >> BigInt(step & 63)) & 7n);
  return ways === 2 ? 1 - (rest & 1) : Math.min(rest, ways - 1);
};

/** A function that walks the graph and records each node, except for added ones; `choice` tells the way. */
function compileWalk(graph: Graph): (bits: bigint) => number[] {
  const code = new CodeBuffer();
  const exit = code.block();
  const { successors, added } = withSingleEntryLoops(graph);
  const wayOf = (dispatch: number): number => STEP + 1 + dispatch - graph.length;
  const emitAdded = (end: AddedNode, node: number): void => {
    if (end.kind === 'select') code.i32(end.way).set(wayOf(end.dispatch));
    else {
      code.get(wayOf(node));
      if (successors[node]?.length === 2) code.op(Op.i32_eqz);
    }
  };
  emitStructured(
    code,
    successors,
    {
      emit: (node) => {
        const end = added[node - graph.length];
        if (end) {
          emitAdded(end, node);
          return;
        }
        code.get(STEP).i32(2).op(IntOp.shl[0]).i32(node).memory(Op.i32_store, 0);
        code.get(STEP).i32(1).op(IntOp.add[0]).tee(STEP).i32(STEPS).op(IntOp.geu[0]).brIf(exit);
        const ways = (graph[node] as readonly number[]).length;
        if (ways === 0) code.br(exit);
        if (ways < 2) return;
        code.get(BITS).get(STEP).op(Op.i64_extend_i32_u).op(IntOp.shr[1]).op(Op.i32_wrap_i64);
        code.i32(ways === 2 ? 1 : 7).op(IntOp.and[0]);
      },
      leave: () => code.br(exit),
    },
    computeDominance(successors),
  );
  code.end().get(STEP);
  const writer = new ModuleWriter();
  writer.define(
    writer.declare(),
    { params: [Ty.i64], results: [Ty.i32] },
    Array<Ty>(1 + added.length).fill(Ty.i32),
    code.toBytes(),
    'walk',
  );
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>), {
    env: { memory },
  });
  const words = new Uint32Array(memory.buffer);
  return (bits) => Array.from(words.subarray(0, (exports['walk'] as (b: bigint) => number)(bits)));
}

function walk(graph: Graph, bits: bigint): number[] {
  const visited: number[] = [];
  for (let node = 0; node >= 0 && visited.length < STEPS;) {
    visited.push(node);
    const ways = graph[node] as readonly number[];
    node = ways[ways.length < 2 ? 0 : choice(bits, visited.length, ways.length)] ?? -1;
  }
  return visited;
}

/** Whether `a` is on every path from the entry to `b`, determined by removing it. */
function dominatesByRemoval(graph: Graph, a: number, b: number): boolean {
  if (a === b || a === 0) return true;
  const seen = new Set([0]);
  const queue = [0];
  for (let n = queue.pop(); n !== undefined; n = queue.pop()) {
    for (const s of graph[n] as readonly number[]) {
      if (s < 0 || s === a || seen.has(s)) continue;
      seen.add(s);
      queue.push(s);
    }
  }
  return !seen.has(b);
}

function randomGraph(random: (below: number) => number): Graph {
  const nodes = 1 + random(12);
  return Array.from({ length: nodes }, () => {
    // A node with many successors has none outside.
    const ways = random(5) === 0 ? 3 + random(4) : random(3);
    return Array.from({ length: ways }, () => (ways > 2 ? random(nodes) : random(nodes + 1) - 1));
  });
}

describe('emitStructured', () => {
  const seed = Date.now() & 0xff_ffff;

  it('keeps every walk of random graphs', () => {
    const random = randomSource(seed);
    let irreducible = 0;
    for (let round = 0; round < 600; round++) {
      const graph = randomGraph(random);
      const run = compileWalk(graph);
      if (!computeDominance(graph).reducible) irreducible++;
      for (let i = 0; i < 4; i++) {
        const bits = (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
        expect({ seed, graph, bits, visited: run(bits) }).toEqual({ seed, graph, bits, visited: walk(graph, bits) });
      }
    }
    expect(irreducible).toBeGreaterThan(20);
  });

  it('refuses a loop with two ways in', () => {
    const graph = [[1, 2], [2], [1]];
    const emitter = { emit: () => undefined, leave: () => undefined };
    expect(() => emitStructured(new CodeBuffer(), graph, emitter, computeDominance(graph))).toThrow('several entries');
  });

  it('takes that loop once it has one entry', () => {
    const graph = [[1, 2], [2], [1, 3], []];
    const { successors, added } = withSingleEntryLoops(graph);
    expect(successors).toEqual([[5, 6], [2], [7, 3], [], [1, 2], [4], [4], [4]]);
    expect(added.map((node) => (node.kind === 'select' ? [node.way, node.repeats] : node.kind))).toEqual([
      'dispatch',
      [0, false],
      [1, false],
      [0, true],
    ]);
    expect(compileWalk(graph)(0x1234n)).toEqual(walk(graph, 0x1234n));
  });

  it('takes loops as deep as there are nodes', () => {
    const depth = 700;
    // Each node enters the next two; all return to each of them.
    const graph = Array.from({ length: depth }, (_, n) => [n + 1 < depth ? n + 1 : 0, n > 0 ? n - 1 : 0]);
    expect(computeDominance(withSingleEntryLoops(graph).successors).reducible).toBe(true);
  });

  it('takes nested loops and a merge after them', () => {
    const graph: Graph = [[1], [2, 5], [3, 2], [1, 4], [5], []];
    expect(compileWalk(graph)(0x5a5an)).toEqual(walk(graph, 0x5a5an));
  });
});

describe('computeDominance', () => {
  it('agrees with dominance by removal', () => {
    const seed = Date.now() & 0xff_ffff;
    const random = randomSource(seed);
    for (let round = 0; round < 200; round++) {
      const graph = randomGraph(random);
      const { order, parent } = computeDominance(graph);
      for (const n of order) {
        expect({ seed, graph, n, dominated: dominatesByRemoval(graph, parent[n] as number, n) }).toEqual({
          seed,
          graph,
          n,
          dominated: true,
        });
        // The immediate dominator is the one that every other strict dominator dominates.
        const others = order.filter((d) => d !== n && dominatesByRemoval(graph, d, n));
        for (const d of others)
          expect({ seed, graph, n, d, over: dominatesByRemoval(graph, d, parent[n] as number) }).toEqual({
            seed,
            graph,
            n,
            d,
            over: true,
          });
      }
    }
  });
});
