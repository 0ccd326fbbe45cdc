import { option } from '@qvm/core/options';
import { allVdevOptions } from '@qvm/core/vdev';
import type { LintFacts, LintRule } from '../lint-rule.js';
import { sourceOf } from '../../location.js';
import { resourcesOf } from '../regions.js';
import { optionOf } from '../vdevs.js';

const BOARD = { ram: { base: 0 }, interrupts: { first: 0, last: 23 } };
const SERIAL = {
  options: allVdevOptions({ type: 'serial', options: { baud: option.number({ description: 'bits per second' }) } }),
  resources: () => ({ ports: [{ name: 'registers', size: 8 }] }),
};
const facts = (ioPorts: boolean): LintFacts => ({
  vdev: () => SERIAL,
  board: () => (ioPorts ? { ...BOARD, ioPorts } : BOARD),
});
const texts = ['ram 256M\nvdev serial loc io:0x3f8'];

/** `lint.no-ports` @experimental */
export const noPorts: LintRule = {
  code: 'lint.no-ports',
  severity: 'error',
  summary: 'A vdev has I/O ports, and the guests of its board cannot access any.',
  description:
    'I/O ports are an address space of x86 processors. Choose a vdev with registers in memory, or a board for x86 guests.',
  bad: { texts, facts: facts(false) },
  good: { texts, facts: facts(true) },
  check: ({ vms }, facts, report) => {
    for (const { spec } of vms) {
      const board = facts.board?.(spec);
      if (board === undefined || board.ioPorts === true) continue;
      for (const vdev of spec.vdevs) {
        const given = optionOf(vdev, 'ports');
        const { ports = [] } = resourcesOf(vdev, spec, facts) ?? {};
        if (ports.length === 0 && given === undefined) continue;
        const at = given?.at ?? sourceOf(vdev.source);
        report(
          at,
          `the vdev ${vdev.type} is a device of another architecture: it has I/O ports, which the guests of this board do not have`,
        );
      }
    }
  },
};
