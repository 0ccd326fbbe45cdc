import { PAGE_BITS } from '../builder/layout.js';
import { OUTSIDE } from './control-flow-graph.js';
import type { Block, ControlFlowGraph } from './control-flow-graph.js';
import type { RegionInstruction } from './region-instruction.js';

/**
 * A listing of a region for display: its blocks, their successors, and their instructions.
 *
 * @param page - guest address of the region's page; offsets are shown as addresses.
 * @param disassemble - returns the text of an instruction.
 * @returns lines.
 * @experimental
 */
export function regionText<B>(
  graph: ControlFlowGraph<B>,
  page: bigint,
  disassemble: (instruction: RegionInstruction<B>) => string,
): string[] {
  const address = (offset: number): string => `0x${BigInt.asUintN(64, page + BigInt(offset)).toString(16)}`;
  const { blocks, instructions, pages } = graph;
  const entry = blocks[0] === undefined ? '' : ` at ${address(blocks[0].start)}`;
  const where = pages.map((number) => address(number << PAGE_BITS)).join(', ');
  return [
    `region${entry}: ${instructions} instructions in ${blocks.length} blocks, code of ${where}`,
    ...blocks.flatMap((block, index) => [
      `block ${index}: ${edges(block, address)}`,
      ...block.instructions.map((one) => `  ${address(one.offset)}  ${disassemble(one)}`),
    ]),
  ];
}

/** Describes the successors of a block. */
function edges<B>({ successors, end }: Block<B>, address: (offset: number) => string): string {
  const names = successors.map((index) => (index === OUTSIDE ? 'out' : String(index)));
  const [first, second] = names;
  if (end.kind === 'dispatch') return `to the selected one of ${names.join(', ')}`;
  if (end.kind === 'select') return `to ${first}, which is to continue at ${end.to}`;
  if (end.kind === 'return')
    return `to ${first} if the branch at ${address(end.from)} goes to ${address(end.to)}, else ${second}`;
  if (end.kind === 'page')
    return `to ${first} if ${address(end.to << PAGE_BITS)} holds the code that was translated, else ${second}`;
  if (first === undefined) return 'out by a register';
  return second === undefined ? `to ${first}` : `to ${first} if taken, else ${second}`;
}
