import type { Json } from '@qvm/core';
import type { GicCore } from './gic-core.js';
import { PRIVATE_INTERRUPTS, SHARED_WORDS } from './limits.js';

/** Describes the interrupts of some words; `first` is the INTID of the first one. */
function describeWords(core: GicCore, first: number, words: readonly number[]): Readonly<Record<string, Json>> {
  const { banks, deliveries } = core;
  const intids = (bitsOf: (word: number) => number): number[] =>
    words.flatMap((word, index) => bitNumbers(bitsOf(word)).map((bit) => first + index * 32 + bit));
  const counts = words.flatMap((word, index) =>
    [...deliveries.subarray(word * 32, word * 32 + 32)].map((count, bit) => ({
      intid: first + index * 32 + bit,
      count,
    })),
  );
  return {
    enabled: intids((word) => banks.enabled[word] ?? 0),
    pending: intids((word) => banks.pending(word)),
    active: intids((word) => banks.active[word] ?? 0),
    acknowledged: counts.filter(({ count }) => count !== 0),
  };
}

function bitNumbers(bits: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((bits >>> bit) & 1) !== 0);
}

/**
 * The state that `irqstat` and `vdevstat` show: the interface and private interrupts of each vCPU, then the shared
 * interrupts, by INTID.
 */
export function gicStatus(core: GicCore): Readonly<Record<string, Json>> {
  const sharedWords = Array.from({ length: SHARED_WORDS }, (_, index) => core.cpus.length + index);
  return {
    groups: core.groups,
    vcpus: core.cpus.map((cpu) => ({
      asleep: cpu.asleep,
      groups: cpu.groups,
      priorityMask: cpu.priorityMask,
      runningPriority: cpu.runningPriority,
      highestPending: cpu.candidate,
      ...describeWords(core, 0, [cpu.index]),
    })),
    shared: describeWords(core, PRIVATE_INTERRUPTS, sharedWords),
  };
}
