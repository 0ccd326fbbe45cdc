import { EngineState } from '../builder/layout.js';
import { LocalPool } from '../builder/local-pool.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op, Simd } from '../wasm/opcodes.js';
import { Facts } from './facts.js';
import { CachedRegisters, FLAGS, PromotedRegisters } from './register-homes.js';
import type { RegisterHomes } from './register-homes.js';

const [CPU, WAY] = [0, 1];
const STATE = 0x1000;
const DROP = 0x1a;
/** Registers of 64 bits and one of 128. */
const [A, B, C, VECTOR] = [EngineState.end, EngineState.end + 8, EngineState.end + 16, EngineState.end + 32];
const OFFSETS = { A, B, C, kind: FLAGS.kind, x: FLAGS.x, y: FLAGS.y } as const;
type Name = keyof typeof OFFSETS;

/** The operations of a function's body under test. */
interface Scope {
  readonly code: CodeBuffer;
  readonly homes: RegisterHomes;
  /** Pushes the value of a register. */
  read(offset: number, facts: Facts, options?: { ty?: Ty; conditional?: boolean }): void;
  /** Writes a register. */
  write(offset: number, value: number, facts: Facts): void;
  /** Adds a register to the function's result. */
  sum(offset: number, facts: Facts): void;
  /** Writes to a register in the state without the homes' knowledge. */
  poke(offset: number, value: number): void;
  /** Emits two alternatives, one of which the function's argument selects. */
  ways(first: () => void, second: () => void): void;
}

type Homes = typeof CachedRegisters | typeof PromotedRegisters;

/** A function (state, alternative) → sum, with the code that the homes emit before and after its body. */
class HomesHarness {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  readonly #view = new DataView(this.#memory.buffer);
  readonly #function: (cpu: number, way: number) => bigint;

  constructor(kind: Homes, body: (scope: Scope) => void) {
    const locals = new LocalPool(2);
    const result = locals.reserve(Ty.i64);
    const code = new CodeBuffer();
    const homes = new kind(code, locals, CPU);
    body(scopeOf(code, homes, result));
    const whole = new CodeBuffer();
    homes.emitEntry(whole);
    whole.append(code.toBytes());
    homes.emitExit(whole);
    whole.get(result);
    const writer = new ModuleWriter();
    const signature = { params: [Ty.i32, Ty.i32], results: [Ty.i64] };
    writer.define(writer.declare(), signature, locals.types, whole.toBytes(), 'run');
    const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#function = exports['run'] as (cpu: number, way: number) => bigint;
  }

  /** Runs it on a state; returns the result and the state afterwards. */
  run(before: Partial<Record<Name, number>>, way = 0): { sum: number; after: Partial<Record<Name, number>> } {
    const names = Object.keys(before) as Name[];
    for (const name of names) this.#view.setBigUint64(STATE + OFFSETS[name], BigInt(before[name] as number), true);
    const sum = Number(this.#function(STATE, way));
    const after = names.map((name) => [name, this.#view.getUint32(STATE + OFFSETS[name], true)] as const);
    return { sum, after: Object.fromEntries(after) };
  }

  get vector(): bigint[] {
    return [0, 8].map((at) => this.#view.getBigUint64(STATE + VECTOR + at, true));
  }

  set vector([low, high]: bigint[]) {
    this.#view.setBigUint64(STATE + VECTOR, low as bigint, true);
    this.#view.setBigUint64(STATE + VECTOR + 8, high as bigint, true);
  }
}

function scopeOf(code: CodeBuffer, homes: RegisterHomes, result: number): Scope {
  const read: Scope['read'] = (offset, facts, { ty = Ty.i64, conditional = false } = {}) => {
    const local = homes.read(offset, ty, facts, conditional);
    if (local !== undefined) code.get(local);
  };
  return {
    code,
    homes,
    read,
    write: (offset, value, facts) => homes.write(offset, Ty.i64, facts, () => code.i64(value)),
    sum: (offset, facts) => {
      read(offset, facts);
      code.get(result).op(IntOp.add[1]).set(result);
    },
    poke: (offset, value) => void code.get(CPU).i64(value).memory(Op.i64_store, offset),
    ways: (first, second) => {
      code.get(WAY).op(Op.i32_eqz).if();
      first();
      code.else();
      second();
      code.end();
    },
  };
}

describe.each([CachedRegisters, PromotedRegisters])('%p', (kind) => {
  it('read what was there, and what was written', () => {
    const harness = new HomesHarness(kind, ({ sum, write }) => {
      const facts = Facts.none();
      sum(A, facts);
      write(A, 100, facts);
      sum(A, facts);
      write(B, 1000, facts);
      sum(B, facts);
      sum(C, facts);
    });
    expect(harness.run({ A: 1, B: 2, C: 3 })).toEqual({ sum: 1 + 100 + 1000 + 3, after: { A: 100, B: 1000, C: 3 } });
  });

  it.each([
    ['reads', 1 + 1],
    ['writes', 10 + 10],
  ] as const)('one path of two %s a register: after them it is right by both', (what, first) => {
    const harness = new HomesHarness(kind, ({ sum, write, ways }) => {
      const [one, other] = [Facts.none(), Facts.none()];
      ways(
        () => {
          if (what === 'writes') write(A, 10, one);
          sum(A, one);
        },
        () => sum(B, other),
      );
      sum(A, Facts.common([one, other]));
    });
    const written = what === 'writes' ? 10 : 1;
    expect(harness.run({ A: 1, B: 2 }, 0)).toEqual({ sum: first, after: { A: written, B: 2 } });
    expect(harness.run({ A: 1, B: 2 }, 1)).toEqual({ sum: 2 + 1, after: { A: 1, B: 2 } });
  });

  it('one way reads and the other writes', () => {
    const harness = new HomesHarness(kind, ({ sum, write, ways }) => {
      const [one, other] = [Facts.none(), Facts.none()];
      ways(
        () => sum(A, one),
        () => write(A, 10, other),
      );
      sum(A, Facts.common([one, other]));
    });
    expect(harness.run({ A: 1 }, 0)).toEqual({ sum: 2, after: { A: 1 } });
    expect(harness.run({ A: 1 }, 1)).toEqual({ sum: 10, after: { A: 10 } });
  });

  it('a conditional read, which is not always done, says nothing for later', () => {
    const harness = new HomesHarness(kind, ({ code, read, sum, ways }) => {
      const facts = Facts.none();
      ways(
        () => {
          read(A, facts, { conditional: true });
          code.byte(DROP);
        },
        () => undefined,
      );
      sum(A, facts);
      sum(A, facts);
    });
    for (const way of [0, 1]) expect(harness.run({ A: 4 }, way)).toEqual({ sum: 8, after: { A: 4 } });
  });

  it('a conditional read of what is known is right', () => {
    const harness = new HomesHarness(kind, ({ code, read, sum, write }) => {
      const facts = Facts.none();
      write(A, 5, facts);
      read(A, facts, { conditional: true });
      code.byte(DROP);
      sum(A, facts);
    });
    expect(harness.run({ A: 1 })).toEqual({ sum: 5, after: { A: 5 } });
  });

  it('keep flags, of 32 and 64 bits', () => {
    const harness = new HomesHarness(kind, ({ code, homes, sum, read }) => {
      const facts = Facts.none();
      homes.write(FLAGS.kind, Ty.i32, facts, () => code.i32(7));
      homes.write(FLAGS.x, Ty.i64, facts, () => code.i64(-1));
      homes.write(FLAGS.y, Ty.i64, facts, () => {
        read(FLAGS.kind, facts, { ty: Ty.i32 });
        code.op(Op.i64_extend_i32_u);
      });
      sum(FLAGS.y, facts);
    });
    const { sum, after } = harness.run({ x: 1, y: 2, kind: 3 });
    expect([sum, after]).toEqual([7, { kind: 7, x: 0xffff_ffff, y: 7 }]);
  });

  it('keep all of a vector', () => {
    const harness = new HomesHarness(kind, ({ code, homes, read }) => {
      const facts = Facts.none();
      const double = (): void => {
        read(VECTOR, facts, { ty: Ty.v128 });
        read(VECTOR, facts, { ty: Ty.v128 });
        code.op(Simd.i64x2_add);
      };
      homes.write(VECTOR, Ty.v128, facts, double);
      homes.write(VECTOR, Ty.v128, facts, double);
    });
    harness.vector = [3n, 2n ** 62n];
    harness.run({});
    expect(harness.vector).toEqual([12n, 0n]);
  });
});

/**
 * Reads A, which changes meanwhile without the homes' knowledge, and writes B; C receives the value of B in the state
 * before the end.
 */
function readTwiceAndWrite(kind: Homes): ReturnType<HomesHarness['run']> {
  const harness = new HomesHarness(kind, ({ code, sum, write, poke }) => {
    const facts = Facts.none();
    sum(A, facts);
    poke(A, 50);
    sum(A, facts);
    write(B, 7, facts);
    code.get(CPU).get(CPU).memory(Op.i64_load, B).memory(Op.i64_store, C);
  });
  return harness.run({ A: 1, B: 2, C: 0 });
}

describe('registers that stay in the state', () => {
  it('are stored at once and loaded once', () => {
    // B is in the state before the end.
    expect(readTwiceAndWrite(CachedRegisters)).toEqual({ sum: 2, after: { A: 50, B: 7, C: 7 } });
  });

  it('are loaded again where not all ways have them', () => {
    const harness = new HomesHarness(CachedRegisters, ({ sum, poke, ways }) => {
      const [one, other] = [Facts.none(), Facts.none()];
      ways(
        () => sum(A, one),
        () => undefined,
      );
      poke(A, 50);
      sum(A, Facts.common([one, other]));
    });
    expect([harness.run({ A: 1 }, 0).sum, harness.run({ A: 1 }, 1).sum]).toEqual([51, 50]);
  });

  it('are not loaded again where all ways have them', () => {
    const harness = new HomesHarness(CachedRegisters, ({ sum, write, poke, ways }) => {
      const [one, other] = [Facts.none(), Facts.none()];
      ways(
        () => sum(A, one),
        () => write(A, 10, other),
      );
      poke(A, 50);
      sum(A, Facts.common([one, other]));
    });
    expect([harness.run({ A: 1 }, 0).sum, harness.run({ A: 1 }, 1).sum]).toEqual([2, 10]);
  });
});

describe('registers in locals', () => {
  it('are stored at the end, and only what was written', () => {
    // B is in the state at the end only.
    expect(readTwiceAndWrite(PromotedRegisters)).toEqual({ sum: 2, after: { A: 50, B: 7, C: 2 } });
  });

  it('that one way alone writes keep their value by the other', () => {
    const harness = new HomesHarness(PromotedRegisters, ({ write, ways }) => {
      ways(
        () => write(A, 10, Facts.none()),
        () => undefined,
      );
    });
    expect([harness.run({ A: 1 }, 0).after, harness.run({ A: 1 }, 1).after]).toEqual([{ A: 10 }, { A: 1 }]);
  });
});
