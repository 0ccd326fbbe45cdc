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
  finder: FlagTraitsFinder<B>,
): readonly (readonly boolean[])[] {
  const traits = blocks.map(({ instructions }) => instructions.map((instruction) => finder.of(instruction)));
  // Whether the flags are of use before each block if they are not, or are, after it.
  const ifDead = traits.map((of) => liveBefore(of, false));
  const ifLive = traits.map((of) => liveBefore(of, true));
  // At the header of a loop, a region may leave.
  const liveIn = blocks.map((_, i) => dominance.isLoop[i] === true);
  const liveOut = ({ successors }: Block<B>): boolean =>
    successors.length === 0 || successors.some((n) => n === OUTSIDE || liveIn[n] === true);
  for (let changed = true; changed;) {
    changed = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      if (liveIn[i] || !(liveOut(blocks[i] as Block<B>) ? ifLive : ifDead)[i]) continue;
      liveIn[i] = changed = true;
    }
  }
  return blocks.map((block, i) => deadIn(traits[i] as readonly FlagTraits[], liveOut(block)));
}

function liveBefore(traits: readonly FlagTraits[], after: boolean): boolean {
  let live = after;
  for (let i = traits.length - 1; i >= 0; i--) live = isLiveBefore(traits[i] as FlagTraits, live);
  return live;
}

/** Whether the flags before an instruction are of use, if those after it are or are not. */
function isLiveBefore({ reads, readsIfDead, writes }: FlagTraits, after: boolean): boolean {
  return after ? reads || !writes : readsIfDead;
}

function deadIn(traits: readonly FlagTraits[], after: boolean): boolean[] {
  const dead = new Array<boolean>(traits.length);
  let live = after;
  for (let i = traits.length - 1; i >= 0; i--) {
    const found = traits[i] as FlagTraits;
    dead[i] = found.writes && !live;
    live = isLiveBefore(found, live);
  }
  return dead;
}
