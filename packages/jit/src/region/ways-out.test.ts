import { REGION_MINIMUM } from '../builder/layout.js';
import { LocalPool } from '../builder/local-pool.js';
import { randomSource } from '../random.test.helper.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { WaysOut } from './ways-out.js';

const [LEFT, PAGE, WAY] = [0, 1, 2];
/** Offsets at which the function under test stores its results. */
const Result = { pc: 0, left: 8, chain: 12 } as const;
/** Reach of branches (Arm ARM C6.2, B: ±128 MiB). */
const REACH = 128 * 2 ** 20;

/**
 * An exit: whether execution may continue in another region, the distance from the page, the number of instructions
 * taken back.
 */
interface Way {
  readonly kind: 'leave' | 'go';
  readonly offset: number;
  readonly rest: number;
}

interface Left {
  readonly pc: bigint;
  readonly left: number;
  readonly chain: number;
}

/** A function that takes the exit with a given number. */
function compileWays(ways: readonly Way[]): (way: number, page: bigint, left: number) => Left {
  const code = new CodeBuffer();
  const locals = new LocalPool(3);
  const [pc, chain] = [locals.reserve(Ty.i64), locals.reserve(Ty.i32)];
  const out = new WaysOut(code, locals, { left: LEFT, page: PAGE, pc, chain });
  ways.forEach(({ kind, offset, rest }, n) => {
    const take = (): void => (kind === 'leave' ? out.leave(offset, rest) : out.go(offset));
    if (n === ways.length - 1) return take();
    code.get(WAY).i32(n).op(IntOp.eq[0]).if();
    take();
    code.end();
  });
  out.end();
  code.i32(0).get(pc).memory(Op.i64_store, Result.pc);
  code.i32(0).get(LEFT).memory(Op.i32_store, Result.left);
  code.i32(0).get(chain).memory(Op.i32_store, Result.chain);
  const writer = new ModuleWriter();
  const signature = { params: [Ty.i32, Ty.i64, Ty.i32], results: [] };
  writer.define(writer.declare(), signature, locals.types, code.toBytes(), 'out');
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const view = new DataView(memory.buffer);
  return (way, page, left) => {
    (exports['out'] as (left: number, page: bigint, way: number) => void)(left, BigInt.asIntN(64, page), way);
    return {
      pc: view.getBigUint64(Result.pc, true),
      left: view.getInt32(Result.left, true),
      chain: view.getInt32(Result.chain, true),
    };
  };
}

const expected = ({ kind, offset, rest }: Way, page: bigint, left: number): Left => ({
  pc: BigInt.asUintN(64, page + BigInt(offset)),
  left: left + rest,
  chain: kind === 'go' ? 1 : 0,
});

describe('ways out of a region', () => {
  const pages = [0n, 0x4000_0000n, 0xffff_ffff_ffff_f000n, 0xffff_8000_0123_4000n];
  const offsets = [0, 4, 0xffc, 0x1000, -4, -0x1000, REACH, REACH - 4, -REACH, REACH + 0xb000, -REACH - 0xb000];
  const rests = [0, 1, 7, REGION_MINIMUM - 1, REGION_MINIMUM];

  it('lead to their place with what is not done taken back', () => {
    const ways = offsets.flatMap((offset) => rests.map((rest): Way => ({ kind: 'leave', offset, rest })));
    const take = compileWays(ways);
    for (const page of pages)
      ways.forEach((way, n) => expect({ way, ...take(n, page, 100) }).toEqual({ way, ...expected(way, page, 100) }));
  });

  it('that go on say so, and take nothing back', () => {
    const ways = offsets.map((offset): Way => ({ kind: 'go', offset, rest: 0 }));
    const take = compileWays(ways);
    for (const page of pages)
      ways.forEach((way, n) => expect({ way, ...take(n, page, 0) }).toEqual({ way, ...expected(way, page, 0) }));
  });

  it('of both kinds share one function at random', () => {
    const seed = Date.now() & 0xff_ffff;
    const random = randomSource(seed);
    for (let round = 0; round < 20; round++) {
      const ways = Array.from({ length: 1 + random(60) }, (): Way => {
        const kind = random(2) > 0 ? 'go' : 'leave';
        const rest = kind === 'go' ? 0 : random(REGION_MINIMUM + 1);
        return { kind, offset: (random(REACH / 2) - REACH / 4) * 4, rest };
      });
      const take = compileWays(ways);
      ways.forEach((way, n) => {
        const page = (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 20) * 4096);
        const left = random(1_000_000);
        expect({ seed, way, page, ...take(n, page, left) }).toEqual({ seed, way, page, ...expected(way, page, left) });
      });
    }
  });
});
