import { randomSource } from '../random.test.helper.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { computeDominance } from './dominators.js';
import { emitStructured } from './structure.js';

type Graph = readonly (readonly number[])[];

const STEPS = 64;
const [BITS, STEP] = [0, 1];

/**
 * A function that walks the graph and records each node; at a choice, it takes the first successor if the next bit is
 * set.
 */
function compileWalk(graph: Graph): ((bits: bigint) => number[]) | undefined {
  const code = new CodeBuffer();
  const exit = code.block();
  const ok = emitStructured(
    code,
    graph,
    {
      emit: (node) => {
        code.get(STEP).i32(2).op(IntOp.shl[0]).i32(node).memory(Op.i32_store, 0);
        code.get(STEP).i32(1).op(IntOp.add[0]).tee(STEP).i32(STEPS).op(IntOp.geu[0]).brIf(exit);
        const ways = (graph[node] as readonly number[]).length;
        if (ways === 0) code.br(exit);
        if (ways === 2) {
          code.get(BITS).get(STEP).op(Op.i64_extend_i32_u).op(IntOp.shr[1]).op(Op.i32_wrap_i64).i32(1).op(IntOp.and[0]);
        }
      },
      leave: () => code.br(exit),
    },
    computeDominance(graph),
  );
  if (!ok) return undefined;
  code.end().get(STEP);
  const writer = new ModuleWriter();
  writer.define(writer.declare(), { params: [Ty.i64], results: [Ty.i32] }, [Ty.i32], code.toBytes(), 'walk');
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
    const second = ways.length === 2 && ((bits >> BigInt(visited.length & 63)) & 1n) === 0n;
    node = ways[second ? 1 : 0] ?? -1;
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
  return Array.from({ length: nodes }, () => Array.from({ length: random(3) }, () => random(nodes + 1) - 1));
}

describe('emitStructured', () => {
  const seed = Date.now() & 0xff_ffff;

  it('keeps every walk of random reducible graphs', () => {
    const random = randomSource(seed);
    let compiled = 0;
    for (let round = 0; round < 400; round++) {
      const graph = randomGraph(random);
      const run = compileWalk(graph);
      if (!run) continue;
      compiled++;
      for (let i = 0; i < 4; i++) {
        const bits = (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
        expect({ seed, graph, bits, visited: run(bits) }).toEqual({ seed, graph, bits, visited: walk(graph, bits) });
      }
    }
    expect(compiled).toBeGreaterThan(100);
  });

  it('refuses a loop with two ways in', () => {
    expect(compileWalk([[1, 2], [2], [1]])).toBeUndefined();
  });

  it('takes nested loops and a merge after them', () => {
    const graph: Graph = [[1], [2, 5], [3, 2], [1, 4], [5], []];
    expect(compileWalk(graph)?.(0x5a5an)).toEqual(walk(graph, 0x5a5an));
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
