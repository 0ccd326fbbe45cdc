import { existsSync, readFileSync } from 'node:fs';
import { PLUGIN_API_VERSION, VDEV_FACTORY } from '@qvm/core';
import { registersToMarkdown } from '@qvm/core/vdev';
import { legacyRegisters } from './mmio/legacy-registers.js';
import { mmioRegisters } from './mmio/registers.js';
import { commonConfiguration } from './pci/common-configuration.js';
import { fieldsToMarkdown } from './pci/field-layout.js';
import { virtioVdevs, virtioVdevsPlugin } from './virtio-vdevs.js';

const page = (name: string): URL => new URL(`../../../docs/vdevs/${name}.md`, import.meta.url);

describe('virtioVdevsPlugin', () => {
  it('provides each vdev of the package', () => {
    expect(virtioVdevsPlugin.apiVersion).toBe(PLUGIN_API_VERSION);
    expect(virtioVdevsPlugin.provides.map((provider) => provider.token)).toEqual(virtioVdevs.map(() => VDEV_FACTORY));
    const resolver = {
      get: () => {
        throw new Error('no service is needed');
      },
      getAll: () => [],
    };
    expect(virtioVdevsPlugin.provides.map((provider) => provider.factory(resolver))).toEqual(virtioVdevs);
  });
});

describe('docs/vdevs/virtio-mmio.md', () => {
  it.each([
    [2, registersToMarkdown(mmioRegisters)],
    [1, registersToMarkdown(legacyRegisters)],
  ])('has the register table of the code (version %d)', (_, table) => {
    const text = readFileSync(page('virtio-mmio'), 'utf8');
    expect(tableRows(text)).toEqual(expect.arrayContaining([...tableRows(table)]));
  });
});

describe('docs/vdevs/virtio-pci.md', () => {
  it('has the table of the code', () => {
    const rows = tableRows(readFileSync(page('virtio-pci'), 'utf8'));
    expect(rows).toEqual(expect.arrayContaining([...tableRows(fieldsToMarkdown(commonConfiguration))]));
  });
});

describe.each(virtioVdevs.map(({ type, options }) => ({ type, options })))(
  'docs/vdevs/$type.md',
  ({ type, options }) => {
    it('exists, and names each option', () => {
      expect(existsSync(page(type))).toBe(true);
      const text = readFileSync(page(type), 'utf8') + readFileSync(page('virtio-mmio'), 'utf8');
      for (const name of Object.keys(options)) expect(text).toContain(`\`${name}\``);
    });
  },
);

/** The rows of Markdown tables, without the padding that a formatter adds. */
function tableRows(markdown: string): readonly string[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
    .map((line) => line.replace(/\s+/g, ' '));
}
