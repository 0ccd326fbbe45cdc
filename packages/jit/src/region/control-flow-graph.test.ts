import { Flow } from '../builder/back-end.js';
import type { Row } from '../describe/row.js';
import { buildControlFlowGraph } from './control-flow-graph.js';
import type { RegionInstruction } from './region-instruction.js';

/** Instructions by offset: a flow and a distance. Offsets without an entry are left to the interpreter. */
type Program = Readonly<Record<number, readonly [Flow, number?]>>;

function graphOf(program: Program, entry = 0, limit = 100) {
  const decode = (offset: number): RegionInstruction<unknown> | undefined => {
    const found = program[offset];
    return (
      found && {
        offset,
        length: 4,
        row: {} as Row<unknown>,
        operands: new Int32Array(0),
        placed: -1,
        statics: {},
        flow: found[0],
        distance: found[1] ?? 0,
      }
    );
  };
  const graph = buildControlFlowGraph(entry, decode, { instructions: limit, callee: 20, depth: 2, pages: 2 });
  return graph?.blocks.map(({ start, instructions, successors }) => [start, instructions.length, ...successors]);
}

const { Next, Jump, Branch, Indirect } = Flow;

describe('buildControlFlowGraph', () => {
  it('splits at targets and after branches', () => {
    // 0: a; 4: if → 16; 8: b; 12: jump 4; 16: return
    const program: Program = { 0: [Next], 4: [Branch, 12], 8: [Next], 12: [Jump, -8], 16: [Indirect] };
    expect(graphOf(program)).toEqual([
      [0, 1, 1],
      [4, 1, 3, 2],
      [8, 2, 1],
      [16, 1],
    ]);
  });

  it('leaves at other pages, at what the interpreter does, and at the limit', () => {
    expect(graphOf({ 0: [Branch, 4096], 4: [Next] })).toEqual([
      [0, 1, -1, 1],
      [4, 1, -1],
    ]);
    expect(graphOf({ 0: [Next], 4: [Next], 8: [Next] }, 0, 2)).toEqual([[0, 2, -1]]);
    expect(graphOf({ 4092: [Next] }, 4092)).toEqual([[4092, 1, -1]]);
  });

  it('is nothing where the entry is not for regions', () => {
    expect(graphOf({}, 0)).toBeUndefined();
  });

  it('gives a jump into the middle of a run its own block', () => {
    expect(graphOf({ 0: [Next], 4: [Next], 8: [Branch, -4], 12: [Indirect] })).toEqual([
      [0, 1, 1],
      [4, 2, 1, 2],
      [12, 1],
    ]);
  });
});
