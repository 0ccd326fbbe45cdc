import { nameHint, show } from '@qvm/core/options';
import type { LintRule } from '../lint-rule.js';
import { peersOf } from '../peers.js';

/** `lint.unknown-switch` @experimental */
export const unknownSwitch: LintRule = {
  code: 'lint.unknown-switch',
  severity: 'warning',
  summary: 'A peer is a switch that the system file does not declare.',
  description: 'A switch is created when it is first named, so a mistyped name creates a separate network.',
  bad: { texts: ['{ "switches": [ { "name": "vswitch0" } ] }', 'ram 256M vdev virtio-net peer vswitch1'] },
  good: { texts: ['{ "switches": [ { "name": "vswitch0" } ] }', 'ram 256M vdev virtio-net peer vswitch0'] },
  check: (target, _facts, report) => {
    const names = target.switches.map(({ name }) => name);
    if (names.length === 0) return;
    for (const { target: other, at } of peersOf(target)) {
      if (other?.kind !== 'switch' || names.includes(other.name)) continue;
      report(at, `there is no switch ${show(other.name)}`, nameHint(other.name, names, 'switches'));
    }
  },
};
