import type { Builder } from '../builder/builder.js';
import { OUTSIDE } from './control-flow-graph.js';
import type { Block, ControlFlowGraph } from './control-flow-graph.js';
import type { FlagTraits, FlagTraitsFinder } from './flag-traits.js';

/**
 * Tells for each instruction of each block whether the flags that it sets are of no use: the next instructions set them
 * before any that reads them or may leave.
 *
 * @internal
 */
export function deadFlags<B extends Builder>(
  { blocks, dominance }: ControlFlowGraph<B>,
  traits: FlagTraitsFinder<B>,
): readonly (readonly boolean[])[] {
  // At the header of a loop, a region may leave.
  const liveIn = blocks.map((_, i) => dominance.isLoop[i] === true);
  const liveOut = ({ successors }: Block<B>): boolean =>
    successors.length === 0 || successors.some((n) => n === OUTSIDE || liveIn[n] === true);
  for (let changed = true; changed;) {
    changed = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      if (liveIn[i] || !liveBefore(blocks[i] as Block<B>, liveOut(blocks[i] as Block<B>), traits)) continue;
      liveIn[i] = changed = true;
    }
  }
  return blocks.map((block) => deadIn(block, liveOut(block), traits));
}

function liveBefore<B extends Builder>(
  { instructions }: Block<B>,
  after: boolean,
  traits: FlagTraitsFinder<B>,
): boolean {
  return instructions.reduceRight((live, instruction) => isLiveBefore(traits.of(instruction), live), after);
}

/** Whether the flags before an instruction are of use, if those after it are or are not. */
function isLiveBefore({ reads, readsIfDead, writes }: FlagTraits, after: boolean): boolean {
  return after ? reads || !writes : readsIfDead;
}

function deadIn<B extends Builder>({ instructions }: Block<B>, after: boolean, traits: FlagTraitsFinder<B>): boolean[] {
  const dead: boolean[] = [];
  let live = after;
  for (let i = instructions.length - 1; i >= 0; i--) {
    const found = traits.of(instructions[i]!);
    dead[i] = found.writes && !live;
    live = isLiveBefore(found, live);
  }
  return dead;
}
