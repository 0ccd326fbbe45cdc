import { Flow } from '../builder/back-end.js';
import type { Row } from '../describe/row.js';
import { buildControlFlowGraph } from './control-flow-graph.js';
import type { ControlFlowGraph } from './control-flow-graph.js';
import type { RegionInstruction } from './region-instruction.js';
import { regionText } from './region-text.js';

const { Next, Jump, Branch, Indirect, Call } = Flow;
const PAGE = 0xffff_8000_0800_0000n;

type Program = Readonly<Record<number, readonly [Flow, number?]>>;

function graphOf(program: Program, entry: number): ControlFlowGraph<unknown> {
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
  const limits = { instructions: 100, callee: 20, depth: 2, pages: 2 };
  return buildControlFlowGraph(entry, decode, limits) as ControlFlowGraph<unknown>;
}

const textOf = (program: Program, entry = 0): string[] =>
  regionText(graphOf(program, entry), PAGE, ({ flow }) => Flow[flow] as string);

describe('regionText', () => {
  it('shows blocks, edges and instructions', () => {
    expect(textOf({ 0: [Next], 4: [Branch, 8], 8: [Jump, -4], 12: [Indirect] })).toEqual([
      'region at 0xffff800008000000: 4 instructions in 4 blocks, code of 0xffff800008000000',
      'block 0: to 1',
      '  0xffff800008000000  Next',
      'block 1: to 3 if taken, else 2',
      '  0xffff800008000004  Branch',
      'block 2: to 1',
      '  0xffff800008000008  Jump',
      'block 3: out by a register',
      '  0xffff80000800000c  Indirect',
    ]);
  });

  it('says what a call into another page makes sure of, and where its return must go', () => {
    const lines = textOf({ 0: [Call, 4096], 4: [Indirect], 4096: [Indirect] });
    expect(lines[0]).toBe(
      'region at 0xffff800008000000: 3 instructions in 4 blocks, code of 0xffff800008000000, 0xffff800008001000',
    );
    expect(lines).toContain('block 3: to 2 if 0xffff800008001000 holds the code that was translated, else out');
    expect(lines).toContain('block 2: to 1 if the branch at 0xffff800008001000 goes to 0xffff800008000004, else out');
  });

  it('shows how a loop with two entries is entered', () => {
    const lines = textOf({ 0: [Branch, 8], 4: [Next], 8: [Branch, -4], 12: [Indirect] });
    expect(lines.filter((line) => line.startsWith('block'))).toEqual([
      'block 0: to 5 if taken, else 6',
      'block 1: to 7',
      'block 2: to 1 if taken, else 3',
      'block 3: out by a register',
      'block 4: to the selected one of 2, 1',
      'block 5: to 4, which is to continue at 2',
      'block 6: to 4, which is to continue at 1',
      'block 7: to 4, which is to continue at 2',
    ]);
  });
});
