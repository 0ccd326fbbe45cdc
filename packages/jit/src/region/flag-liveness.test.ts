import { Flow } from '../builder/back-end.js';
import { Builder } from '../builder/builder.js';
import { fixedRegister } from '../interpreter/operands.js';
import { byte } from '../describe/row.js';
import type { Row } from '../describe/row.js';
import type { V } from '../describe/value.js';
import { TOY_REGISTERS } from '../toy/toy-isa.js';
import { Ty } from '../wasm/code-buffer.js';
import { buildControlFlowGraph } from './control-flow-graph.js';
import type { ControlFlowGraph } from './control-flow-graph.js';
import { deadFlags } from './flag-liveness.js';
import { FlagTraitsFinder } from './flag-traits.js';
import type { FlagTraits } from './flag-traits.js';

type Semantics = (b: Builder) => void;

const register = fixedRegister(1);
const value = (b: Builder) => b.readReg(TOY_REGISTERS, register, Ty.i64);

const SET: Semantics = (b) => b.setFlags(0, value(b), b.i64(1));
/** Sets one flag and keeps the others, as a rotation does. */
const KEEP: Semantics = (b) => b.setFlags(0, b.as(b.packedFlags(), Ty.i64), b.i64(0));
/** Sets the flags, or keeps all of them, as a shift by a count that may be 0 does. */
const MAYBE: Semantics = (b) => {
  const { kind, x, y } = b.lazyFlags();
  const keeps = b.as(value(b), Ty.i32);
  b.setFlagsOf(b.select(keeps, kind, b.i32(1)), b.select(keeps, x, b.i64(3)), b.select(keeps, y, b.i64(4)));
};
/** Uses a flag and sets all, as an addition with carry does. */
const CARRY: Semantics = (b) => {
  const sum = b.add(value(b), b.as(b.cond(0), Ty.i64));
  b.writeReg(TOY_REGISTERS, register, b.as(sum, Ty.i32));
  b.setFlags(0, sum, b.i64(0));
};
const READ: Semantics = (b) => b.writeReg(TOY_REGISTERS, register, b.cond(2));
const LOAD: Semantics = (b) =>
  b.writeReg(TOY_REGISTERS, register, b.loadAt(b.open(value(b), 4, 'read'), 0, 4, false, Ty.i32));

function graphOf(program: readonly Semantics[]): ControlFlowGraph<Builder> {
  const graph = buildControlFlowGraph<Builder>(
    0,
    (offset) => {
      const semantics = program[offset];
      if (semantics === undefined) return undefined;
      const row = { semantics, operands: {}, fields: [] } as unknown as Row<Builder>;
      return {
        offset,
        length: 1,
        row,
        operands: new Int32Array(0),
        placed: -1,
        statics: {},
        flow: Flow.Next,
        distance: 0,
      };
    },
    { instructions: 100, callee: 0, depth: 0, pages: 1 },
  );
  if (graph === undefined) throw new Error('no graph');
  return graph;
}

/** Whether the flags that each instruction sets are of no use. At the end, control leaves. */
const deadOf = (...program: readonly Semantics[]): readonly boolean[] =>
  deadFlags(graphOf(program), new FlagTraitsFinder(Builder)).flat();

/** Traits of instructions that differ in their operand only. */
function traitsOf(
  semantics: (b: Builder, args: { readonly n: V }) => void,
  ...values: readonly number[]
): FlagTraits[] {
  const row = { semantics, operands: { n: byte(() => 0) }, fields: [] } as unknown as Row<Builder>;
  const [finder, statics] = [new FlagTraitsFinder(Builder), {}];
  const common = { offset: 0, length: 1, row, placed: -1, statics, flow: Flow.Next, distance: 0 };
  return values.map((value) => finder.of({ ...common, operands: Int32Array.of(value, 0) }));
}

describe('FlagTraitsFinder', () => {
  const reads = { reads: true, readsIfDead: false, writes: true };

  it('tells instructions apart whose semantic function asks for the value of an operand', () => {
    const found = traitsOf((b, { n }) => (b.constant(b.as(n, Ty.i32)) === 0n ? undefined : SET(b)), 0, 1, 0);
    expect(found.map(({ writes }) => writes)).toEqual([false, true, false]);
  });

  it('tells instructions apart that keep flags depending on an operand', () => {
    const found = traitsOf(
      (b, { n }) => b.setFlags(0, b.choose(b.as(n, Ty.i32), b.i64(0), b.as(b.packedFlags(), Ty.i64)), b.i64(0)),
      ...[0, 1],
    );
    expect(found).toMatchObject([reads, { ...reads, reads: false }]);
  });

  it('runs the semantic function once where the operand does not matter', () => {
    let runs = 0;
    const found = traitsOf(
      (b, { n }) => {
        runs++;
        b.writeReg(TOY_REGISTERS, register, b.as(n, Ty.i32));
        SET(b);
      },
      ...[0, 1, 2],
    );
    expect(found).toHaveLength(3);
    expect(new Set(found).size).toBe(1);
    expect(runs).toBe(1);
  });
});

describe('deadFlags', () => {
  it('finds flags that are set again', () => {
    expect(deadOf(SET, SET)).toEqual([true, false]);
    expect(deadOf(SET, READ, SET)).toEqual([false, false, false]);
  });

  it('keeps flags where the region may be left', () => {
    expect(deadOf(SET, LOAD, SET)).toEqual([false, false, false]);
  });

  it('keeps flags that an instruction uses for its effect', () => {
    expect(deadOf(SET, CARRY, SET)).toEqual([false, true, false]);
  });

  it.each([
    ['some', KEEP],
    ['perhaps all', MAYBE],
  ])('keeps flags of which an instruction keeps %s, if the result is of use', (_, keeps) => {
    expect(deadOf(SET, keeps)).toEqual([false, false]);
    expect(deadOf(SET, keeps, keeps, SET)).toEqual([true, true, true, false]);
  });
});
