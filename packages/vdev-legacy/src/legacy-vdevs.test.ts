import { readFileSync } from 'node:fs';
import { PLUGIN_API_VERSION, VDEV_FACTORY } from '@qvm/core';
import { registersToMarkdown } from '@qvm/core/vdev';
import type { RegisterLayout } from '@qvm/core/vdev';
import { legacyVdevs, legacyVdevsPlugin } from './legacy-vdevs.js';
import { pl011Registers } from './pl011/registers.js';
import { pl031Registers } from './pl031/registers.js';
import { pl061Registers } from './pl061/registers.js';
import { kmiRegisters } from './ps2/kmi-registers.js';
import { uart16550Registers } from './uart16550/registers.js';
import { sp805Registers } from './wdt-sp805/registers.js';

describe('legacyVdevsPlugin', () => {
  it('provides each vdev of the package', () => {
    expect(legacyVdevsPlugin.apiVersion).toBe(PLUGIN_API_VERSION);
    expect(legacyVdevsPlugin.provides.map((provider) => provider.token)).toEqual(legacyVdevs.map(() => VDEV_FACTORY));
    const resolver = {
      get: () => {
        throw new Error('no service is needed');
      },
      getAll: () => [],
    };
    expect(legacyVdevsPlugin.provides.map((provider) => provider.factory(resolver))).toEqual(legacyVdevs);
  });
});

describe.each([
  ['pl011', registersToMarkdown(pl011Registers)],
  ['pl031', registersToMarkdown(pl031Registers)],
  ['pl050', registersToMarkdown(kmiRegisters)],
  ['pl061', registersToMarkdown(pl061Registers)],
  ['qcar-uart', registersToMarkdown(uart16550Registers)],
  ['wdt-sp805', registersToMarkdown(sp805Registers)],
  ['ser8250', registersToMarkdown(atDistance(1, uart16550Registers))],
  ['pit', ''],
  ['acpi-pm', ''],
  ['hpet', ''],
  ['rtc', ''],
  ['pc-reset', ''],
  ['debug-port', ''],
  ['fw-cfg', ''],
  ['ramfb', ''],
  ['vga', ''],
])('docs/vdevs/%s.md', (type, table) => {
  const text = readFileSync(new URL(`../../../docs/vdevs/${type}.md`, import.meta.url), 'utf8');

  it('has the register table of the code', () => {
    expect(tableRows(text)).toEqual(expect.arrayContaining(tableRows(table)));
  });

  it('names each option', () => {
    const options = legacyVdevs.find((vdev) => vdev.type === type)?.options ?? {};
    for (const name of Object.keys(options)) {
      expect(text).toContain(`\`${name}\``);
    }
  });
});

/** Registers of words, at another distance. */
function atDistance<Target>(bytes: number, layout: RegisterLayout<Target>): RegisterLayout<Target> {
  return Object.fromEntries(
    Object.entries(layout).map(([name, spec]) => [name, { ...spec, offset: (spec.offset / 4) * bytes }]),
  );
}

/** The rows of Markdown tables, without the padding that a formatter adds. */
function tableRows(markdown: string): readonly string[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
    .map((line) => line.replace(/\s+/g, ' '));
}
