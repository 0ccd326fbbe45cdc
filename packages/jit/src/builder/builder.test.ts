import { Ty } from '../wasm/code-buffer.js';
import { BOUNCE, BuilderBench, FIELD, FIELDS, PAGE, REGISTERS, reg, setReg } from './builder-bench.test.helper.js';
import type { Semantics } from './builder-bench.test.helper.js';
import { AccessInfo, EngineState, ExitReason } from './layout.js';
import { ExpressionMaker, buildAll } from './random-expression.test.helper.js';
import type { Leaves } from './random-expression.test.helper.js';

/** A reproducible generator of unsigned 32-bit numbers (xorshift32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const PC = 0x10_0000n;
const LEAVE = ExitReason.architecture;

interface Case {
  readonly semantics: Semantics;
  readonly leaves: Leaves;
  readonly registers: ReadonlyMap<number, bigint>;
  readonly fields: ReadonlyMap<number, bigint>;
  readonly flags: readonly [number, bigint, bigint] | undefined;
}

/** An instruction that computes many values from registers and fields and writes to the same ones. */
function randomCase(random: () => number): Case {
  const maker = new ExpressionMaker(random, { registers: [], fields: [], operand: 0n, pc: PC });
  const leaves: Leaves = {
    registers: Array.from({ length: REGISTERS }, () => maker.number()),
    fields: Array.from({ length: FIELDS }, () => maker.number()),
    operand: BigInt(maker.below(1 << 20)) - (1n << 19n),
    pc: PC,
  };
  const make = new ExpressionMaker(random, leaves);
  for (let n = 8 + make.below(30); n > 0; n--) make.make(make.below(2) === 0);
  const registers = new Map(
    Array.from({ length: make.below(4) }, () => [make.below(REGISTERS), make.any(true)] as const),
  );
  const fields = new Map(Array.from({ length: make.below(3) }, () => [make.below(FIELDS), make.any(true)] as const));
  const setFlags = make.below(3) === 0 ? { kind: make.below(4), x: make.any(true), y: make.any(true) } : undefined;
  const pool = [...make.pool];
  return {
    leaves,
    registers: new Map([...registers].map(([n, x]) => [n, x.value])),
    fields: new Map([...fields].map(([n, x]) => [n, x.value])),
    flags: setFlags && [setFlags.kind, setFlags.x.value, setFlags.y.value],
    semantics: (b) => {
      const built = buildAll(b, pool);
      const value = (x: (typeof pool)[number]) => built.get(x) ?? b.i64(0);
      for (const [n, x] of registers) setReg(b, n, value(x));
      if (setFlags) b.setFlags(setFlags.kind, value(setFlags.x), value(setFlags.y));
      for (const [n, x] of fields) b.setState(FIELD + n * 8, value(x));
    },
  };
}

describe('Builder', () => {
  it('computes what plain arithmetic does, from the state before the instruction', () => {
    const seed = Math.floor(Math.random() * 0xffff_ffff) + 1;
    const random = generator(seed);
    for (let round = 0; round < 5; round++) {
      const cases = Array.from({ length: 120 }, () => randomCase(random));
      const bench = new BuilderBench(cases.map(({ semantics }) => semantics));
      cases.forEach(({ leaves, registers, fields, flags }, i) => {
        leaves.registers.forEach((value, n) => bench.setR(n, value));
        leaves.fields.forEach((value, n) => bench.set(FIELD + n * 8, value));
        const where = `seed ${seed}, round ${round}, case ${i}`;
        expect([where, bench.run(i, Number(leaves.operand))]).toEqual([where, ExitReason.Budget]);
        const found = [
          ...leaves.registers.map((_, n) => bench.r(n)),
          ...leaves.fields.map((_, n) => bench.get(FIELD + n * 8)),
        ];
        const expected = [
          ...leaves.registers.map((value, n) => registers.get(n) ?? value),
          ...leaves.fields.map((value, n) => fields.get(n) ?? value),
        ];
        expect([where, ...found]).toEqual([where, ...expected]);
        if (flags)
          expect([
            where,
            bench.u32(EngineState.flagKind),
            bench.get(EngineState.flagX),
            bench.get(EngineState.flagY),
          ]).toEqual([where, ...flags]);
      });
    }
  });

  it('sets flags from the flags before, also when both operands come from them', () => {
    const bench = new BuilderBench([
      (b) => b.setFlags(2, b.stateAt(EngineState.flagY, 8), b.stateAt(EngineState.flagX, 8)),
      (b) => b.setFlags(3, b.i64(1), b.as(b.packedFlags(), Ty.i64)),
      (b) => {
        b.setFlagsOf(b.as(b.stateAt(EngineState.flagX, 8), Ty.i32), b.i64(9), b.as(b.cond(0), Ty.i64));
        setReg(b, 0, b.as(b.cond(1), Ty.i64));
      },
    ]);
    const flags = () => [bench.u32(EngineState.flagKind), bench.get(EngineState.flagX), bench.get(EngineState.flagY)];
    const start = (): void => {
      bench.setU32(EngineState.flagKind, 0);
      bench.set(EngineState.flagX, 5n);
      bench.set(EngineState.flagY, 6n);
    };
    start();
    bench.run(0);
    expect(flags()).toEqual([2, 6n, 5n]);
    start();
    bench.run(1);
    expect(flags()).toEqual([3, 1n, 2n]);
    start();
    bench.run(2);
    expect([...flags(), bench.r(0)]).toEqual([5, 9n, 0n, 1n]);
  });

  describe('calls', () => {
    const helper = (name: string, pure: boolean) => ({ module: 'test', name, params: [Ty.i64], result: Ty.i32, pure });
    const make = (semantics: Semantics) => {
      const calls: string[] = [];
      const bench = new BuilderBench([semantics], {
        note: { helper: helper('note', false), run: ((x: bigint) => calls.push(`note ${x}`)) as never },
        mark: { helper: helper('mark', false), run: ((x: bigint) => (calls.push(`mark ${x}`), 0)) as never },
      });
      return { bench, calls };
    };
    const note = helper('note', false);
    const mark = helper('mark', false);

    it('that have effects run once each, in program order, used or not', () => {
      const { bench, calls } = make((b) => {
        const first = b.call(note, b.i64(1));
        b.call(mark, b.i64(2));
        const third = b.call(note, b.i64(3));
        setReg(b, 1, b.as(b.add(third, b.mul(third, first)), Ty.i64));
      });
      bench.run(0);
      // A call returns the number of calls so far: 1 and 3.
      expect([calls, bench.r(1)]).toEqual([['note 1', 'mark 2', 'note 3'], 6n]);
    });

    it.each([0n, 1n])('run once when a condition to leave is made of one (R0 = %d)', (leave) => {
      const { bench, calls } = make((b) => {
        const called = b.call(note, reg(b, 0));
        b.leaveIf(b.and(called, b.as(reg(b, 0), Ty.i32)), LEAVE, called);
        setReg(b, 1, b.as(called, Ty.i64));
      });
      bench.setR(0, leave);
      expect(bench.run(0)).toBe(leave ? LEAVE : ExitReason.Budget);
      expect([calls.length, bench.r(1)]).toEqual([1, leave ? 0n : 1n]);
    });

    it('run once when one is the condition itself', () => {
      const { bench, calls } = make((b) => b.leaveIf(b.call(note, b.i64(0)), LEAVE, b.i32(5)));
      expect([bench.run(0), calls.length, bench.u32(EngineState.exitInfo)]).toEqual([LEAVE, 1, 5]);
      const stays = make((b) => b.leaveIf(b.call(mark, b.i64(0)), LEAVE, b.i32(5)));
      expect([stays.bench.run(0), stays.calls]).toEqual([ExitReason.Budget, ['mark 0']]);
    });

    it.each([0n, 1n])('run once when one is what leaving tells (R3 = %d)', (stay) => {
      const { bench, calls } = make((b) => b.leaveIf(b.eqz(reg(b, 3)), LEAVE, b.call(note, b.i64(0))));
      bench.setR(3, stay);
      expect([bench.run(0), calls.length, bench.u32(EngineState.exitInfo)]).toEqual(
        stay ? [ExitReason.Budget, 1, 0] : [LEAVE, 1, 1],
      );
    });
  });

  describe('memory', () => {
    const WRITE = 8 | AccessInfo.write | (3 << AccessInfo.elementShift);

    it('is opened before any effect, and a fault leaves nothing done', () => {
      const bench = new BuilderBench([
        (b) => {
          const m = b.open(reg(b, 0), 8, 'read');
          setReg(b, 0, b.add(reg(b, 0), b.i64(8)));
          b.setFlags(1, b.i64(1), b.i64(2));
          setReg(b, 1, b.loadAt(m, 0, 8));
        },
      ]);
      bench.setR(0, 0x5000n);
      expect([bench.run(0), bench.r(0), bench.u32(EngineState.flagKind), bench.get(EngineState.address)]).toEqual([
        ExitReason.Fault,
        0x5000n,
        0,
        0x5000n,
      ]);
      bench.setR(0, BigInt(PAGE));
      bench.page.setBigUint64(0, 77n, true);
      expect([bench.run(0), bench.r(0), bench.r(1), bench.u32(EngineState.flagKind)]).toEqual([
        ExitReason.Budget,
        BigInt(PAGE + 8),
        77n,
        1,
      ]);
    });

    it('is read before the instruction writes to it', () => {
      const bench = new BuilderBench([
        (b) => {
          const [m, other] = [b.open(reg(b, 0), 8, 'readWrite'), b.open(reg(b, 1), 8, 'read')];
          const [old, seen] = [b.loadAt(m, 0, 8), b.loadAt(other, 0, 8)];
          b.storeAt(m, 0, 8, b.add(old, b.i64(1)));
          setReg(b, 2, old);
          setReg(b, 3, seen);
        },
      ]);
      bench.page.setBigUint64(16, 40n, true);
      for (const n of [0, 1]) bench.setR(n, BigInt(PAGE + 16));
      bench.run(0);
      expect([bench.r(2), bench.r(3), bench.page.getBigUint64(16, true)]).toEqual([40n, 40n, 41n]);
    });

    it('asks once per miss, bounces, and flushes what was written after all stores', () => {
      const bench = new BuilderBench([
        (b) => {
          const m = b.open(reg(b, 0), 8, 'write');
          b.storeAt(m, 0, 4, b.i32(1));
          b.storeAt(m, 4, 4, b.i32(2));
        },
        (b) => setReg(b, 1, b.loadAt(b.open(reg(b, 0), 2, 'read', { aligned: true, unprivileged: true }), 0, 2, true)),
      ]);
      bench.setR(0, 0x9000n);
      bench.slowResult = BOUNCE;
      expect([bench.run(0), bench.slowCalls, bench.events]).toEqual([ExitReason.Budget, [WRITE], ['flush']]);
      expect(bench.view.getBigUint64(BOUNCE, true)).toBe(0x2_0000_0001n);
      bench.view.setUint16(BOUNCE, 0x8000, true);
      bench.run(1);
      const info = 2 | AccessInfo.aligned | AccessInfo.unprivileged | (1 << AccessInfo.elementShift);
      expect([bench.r(1), bench.slowCalls.at(-1), bench.events]).toEqual([0xffff_ffff_ffff_8000n, info, ['flush']]);
    });

    it.each([1, 2, 4, 8])('is changed atomically in %d bytes', (bytes) => {
      const bench = new BuilderBench([
        ...(['add', 'and', 'or', 'xor', 'xchg'] as const).map(
          (op): Semantics =>
            (b) =>
              setReg(b, 1, b.atomic(op, b.open(reg(b, 0), bytes, 'readWrite', { aligned: true }), bytes, reg(b, 2))),
        ),
        (b) =>
          setReg(
            b,
            1,
            b.cmpxchg(b.open(reg(b, 0), bytes, 'readWrite', { aligned: true }), bytes, reg(b, 3), reg(b, 2)),
          ),
      ]);
      const [old, operand] = [0xf0e1_d2c3_b4a5_9687n, 0x1122_3344_5566_7788n];
      const low = (x: bigint): bigint => BigInt.asUintN(bytes * 8, x);
      const results = [old + operand, old & operand, old | operand, old ^ operand, operand, operand];
      results.forEach((result, i) => {
        bench.page.setBigUint64(8, old, true);
        bench.setR(0, BigInt(PAGE + 8));
        bench.setR(2, operand);
        // The bits above the access are not compared.
        bench.setR(3, bytes === 8 ? old : old ^ (1n << 63n));
        expect(bench.run(i)).toBe(ExitReason.Budget);
        expect([
          i,
          bench.r(1),
          low(bench.page.getBigUint64(8, true)),
          bench.page.getBigUint64(8, true) >> BigInt(bytes * 8),
        ]).toEqual([i, low(old), low(result), bytes === 8 ? 0n : old >> BigInt(bytes * 8)]);
      });
    });
  });

  it.each<[RegExp, Semantics]>([
    [/different width/, (b) => b.add(b.i32(1), b.i64(1))],
    [/without a width/, (b) => b.add(b.imm(1), b.imm(2))],
    [/width of a value is not known/, (b) => b.clz(b.imm(1))],
    [/no load of 3 bytes/, (b) => b.loadAt(b.open(b.i64(0), 4, 'read'), 0, 3)],
    [/no store of 16 bytes/, (b) => b.storeAt(b.open(b.i64(0), 16, 'write'), 0, 16, b.i64(0))],
    [/no sign extension from 5 bits/, (b) => b.sx(b.i64(0), 5)],
    [/transfers control once/, (b) => [b.jumpTo(b.i64(0)), b.leave(LEAVE, b.i32(0))]],
    [
      /helper test\.unknown is not imported/,
      (b) => b.call({ module: 'test', name: 'unknown', params: [], result: undefined, pure: false }),
    ],
    [
      /takes 1 arguments/,
      (b) => b.call({ module: 'test', name: 'x', params: [Ty.i32], result: undefined, pure: false }),
    ],
  ])('refuses a mistake in a table: %s', (message, semantics) => {
    expect(() => new BuilderBench([semantics])).toThrow(message);
  });
});
