import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { QvmPlugin } from '@qvm/core';
import type { DeviceTreeNode } from '@qvm/core/vdev';
import { embeddedGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';
import type { Hypervisor, VmDescription, VmHandle } from '@qvm/sdk';

/* The board that the guide about boards brings. */

const EXAMPLE = new URL('../../../examples/mini-board.mjs', import.meta.url);
const COMMAND = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
const RAM = 0x8000_0000;
const MEBIBYTE = 0x10_0000;

let hypervisor: Hypervisor;

beforeAll(async () => {
  const { plugin } = (await import(EXAMPLE.href)) as { readonly plugin: QvmPlugin };
  hypervisor = createHypervisor({ plugins: [plugin] });
});
afterAll(() => hypervisor.dispose());

const create = (more: Partial<VmDescription> = {}): Promise<VmHandle> =>
  hypervisor.createVm({
    name: 'mini',
    board: 'mini',
    image: { name: 'the embedded guest', bytes: embeddedGuest().image },
    ram: [{ size: '64M' }],
    ...more,
  });

/** Starts a VM; gives what it printed and its device tree. */
async function run(vm: VmHandle): Promise<{ readonly output: string; readonly tree: DeviceTreeNode | undefined }> {
  let tree: DeviceTreeNode | undefined;
  vm.hooks.deviceTree.tap('test', (given) => (tree = given));
  await vm.start();
  let output = '';
  for await (const bytes of vm.console.output) output += new TextDecoder().decode(bytes);
  expect(await vm.exit).toMatchObject({ exitCode: 0 });
  return { output, tree };
}

const namesOf = ({ children = [] }: DeviceTreeNode): readonly string[] => children.map(({ name }) => name);

describe('qvm board', () => {
  const qvm = (...words: readonly string[]): string =>
    execFileSync(process.execPath, [COMMAND, 'board', ...words, '--plugin', fileURLToPath(EXAMPLE)], {
      encoding: 'utf8',
    });

  it('knows boards of plugins', () => {
    expect(qvm('list')).toMatch(/^mini +aarch64 +A small AArch64 board$/m);
    expect(qvm('help', 'mini')).toMatch(/^ +pl011 +0x09000000 +40 +pl011$/m);
  });
});

describe('the board of examples/mini-board.mjs', () => {
  it('boots the embedded guest, with the devices and the tree that it says', async () => {
    const vm = await create({ vdevs: [{ type: 'pl011' }, { type: 'virtio-entropy' }] });
    expect(vm.vdevs.map(({ type, place }) => [type, place.registers[0]?.base])).toEqual([
      ['gic', 0x0800_0000],
      ['timer', undefined],
      ['pl011', 0x0900_0000],
      ['virtio-entropy', 0x1000_0000],
    ]);
    const { output, tree } = await run(vm);
    expect(output).toContain(embeddedGuest().doneMarker);
    expect(tree?.properties).toMatchObject({ compatible: 'acme,mini', model: 'Acme Mini' });
    expect(tree && namesOf(tree)).toEqual([
      ...['psci', 'pmu', 'cpus', 'memory@80000000', 'apb-pclk', 'intc@8000000', 'timer'],
      ...['pl011@9000000', 'virtio_mmio@10000000', 'chosen'],
    ]);
  });

  it('boots it in RAM with a hole', async () => {
    const ram = [
      { base: `0x${RAM.toString(16)}`, size: '8M' },
      { base: `0x${(RAM + 64 * MEBIBYTE).toString(16)}`, size: '64M' },
    ];
    const vm = await create({ ram });
    expect(vm.ram.map(({ base, size }) => [base, size])).toEqual([
      [RAM, 8 * MEBIBYTE],
      [RAM + 64 * MEBIBYTE, 64 * MEBIBYTE],
    ]);
    const { output, tree } = await run(vm);
    expect(output).toContain(embeddedGuest().doneMarker);
    expect(tree && namesOf(tree).filter((name) => name.startsWith('memory'))).toEqual([
      'memory@80000000',
      'memory@84000000',
    ]);
  });

  it('has no RAM where it keeps addresses, and no place for what it does not know', async () => {
    await expect(create({ ram: [{ base: '0x8000', size: '1M' }] })).rejects.toThrow(
      'ram0 (0x8000-0x107fff) overlaps boot ROM of the board mini (0x0-0xffff)',
    );
    await expect(create({ vdevs: [{ type: 'pl031' }] })).rejects.toThrow(
      'The board mini has no place for the vdev pl031-0 (pl031): give it a base. The board has places for',
    );
  });
});
