import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';

/** The vdev types that Linux drives under a device name. */
const DRIVERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ttyAMA', ['pl011']],
  ['ttyS', ['qcar-uart', 'ser8250']],
  ['hvc', ['virtio-console']],
]);

const CONSOLE = /(?:^|\s)console=([A-Za-z]+)[0-9]+/g;

/** `lint.console-mismatch` @experimental */
export const consoleMismatch: LintRule = {
  code: 'lint.console-mismatch',
  severity: 'warning',
  summary: 'The kernel command line names a console that no vdev provides.',
  description:
    'The guest boots without output. Linux calls a pl011 ttyAMA0, a qcar-uart ttyS0 and a virtio-console hvc0. A VM whose ' +
    'configuration names no console has a pl011.',
  bad: { texts: ['ram 256M\ncmdline "console=ttyS0"\nvdev pl011'] },
  good: { texts: ['ram 256M\ncmdline "console=ttyAMA0"\nvdev pl011'] },
  check: ({ vms }, facts, report) => {
    for (const { spec } of vms) {
      const named = spec.vdevs.map(({ type }) => type);
      const hasConsole = named.some((type) => facts.vdev?.(type)?.console ?? isConsole(type));
      const board = facts.board?.(spec);
      const implicit = board === undefined ? 'pl011' : board.defaultConsole;
      const present = hasConsole || implicit === undefined ? named : [...named, implicit];
      for (const [, name = ''] of (spec.cmdline ?? '').matchAll(CONSOLE)) {
        const types = DRIVERS.get(name);
        if (types === undefined || types.some((type) => present.includes(type))) continue;
        const device = [...DRIVERS].find(([, drivers]) => drivers.some((type) => present.includes(type)))?.[0];
        const hint = device === undefined ? `add a vdev ${types[0] ?? ''}` : `did you mean console=${device}0?`;
        report(sourceOf(spec.source, 'cmdline'), `nothing provides the console ${name}`, hint);
      }
    }
  },
};

const isConsole = (type: string): boolean => [...DRIVERS.values()].some((types) => types.includes(type));
