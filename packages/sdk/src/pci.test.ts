import { virt } from '@qvm/boards';
import { BOARD, provide, type QvmPlugin } from '@qvm/core';
import type { Board } from '@qvm/core/board';
import { createHypervisor } from './index.js';
import { plugin as scripts, script } from './script-machine.test.helper.js';

/** A board with a PCI host and without places for VirtIO registers. */
const { 'virtio-mmio': _, ...places } = virt.places;
const board: Board = { ...virt, name: 'test', implicitVdevs: [], places };
const boards: QvmPlugin = {
  name: 'boards',
  apiVersion: 1,
  provides: [provide({ token: BOARD, scope: 'host', multi: true, factory: () => board })],
};

const ECAM = 0x40_1000_0000;
const at = (slot: number, register: number): string => `0x${(ECAM + slot * 0x8000 + register).toString(16)}`;
/** Bytes 0x12 and 0x13 of the common configuration of a VirtIO device: the number of its queues. */
const QUEUES = 0x12;

describe('a VM with PCI functions', () => {
  const build = async (...lines: readonly string[]) => {
    const hypervisor = createHypervisor({ plugins: [scripts, boards] });
    const vm = await hypervisor.createVm({
      name: 'test',
      board: 'test',
      image: script(...lines),
      ram: [{ size: '1M' }],
      vdevs: [{ type: 'virtio-entropy' }, { type: 'virtio-net', options: { pci: '1f' } }],
    });
    const end = async (): Promise<void> => {
      await vm.dispose();
      await hypervisor.dispose();
    };
    return { vm, end };
  };

  it('has a host, which no configuration names, and shows in its map whose registers are where', async () => {
    const { vm, end } = await build('exit 0');
    expect(vm.vdevs.map(({ name }) => name)).toEqual(['pci-host-0', 'virtio-entropy-0', 'virtio-net-0', 'pl011-0']);
    const places = vm.map.filter(({ base }) => base >= 0x2000_0000 && base < 0x3000_0000);
    expect(places).toMatchObject([
      {
        base: 0x2000_0000,
        size: 0x8000,
        kind: 'registers',
        vdev: { name: 'virtio-entropy-0', type: 'virtio-entropy' },
      },
      { base: 0x2000_8000, size: 0x8000, kind: 'registers', vdev: { name: 'virtio-net-0', type: 'virtio-net' } },
      { base: 0x2001_0000, kind: 'empty', vdev: { name: 'pci-host-0' } },
    ]);
    expect(vm.vdevs[0]?.status()).toMatchObject({
      functions: [
        { address: '00:00.0', vdev: 'pci-host-0' },
        { address: '00:01.0', vdev: 'virtio-entropy-0', id: '1af4:1044' },
        { address: '00:1f.0', vdev: 'virtio-net-0', id: '1af4:1041' },
      ],
    });
    await end();
  });

  it('reaches them by the configuration window, and their registers where the guest moves them', async () => {
    const { vm, end } = await build(
      `expect ${at(0, 0)} 0x00081b36`,
      `expect ${at(1, 0)} 0x10441af4`,
      `expect ${at(31, 0)} 0x10411af4`,
      `expect ${at(2, 0)} 0xffffffff`,
      // Where firmware would have put them.
      `expect ${0x2000_0000 + QUEUES} 1 2`,
      `expect ${0x2000_8000 + QUEUES} 3 2`,
      `expect 0x20010000 0xffffffff`,
      `write ${at(31, 0x10)} 0x30000000`,
      `expect ${0x3000_0000 + QUEUES} 3 2`,
      `expect ${0x2000_8000 + QUEUES} 0xffff 2`,
      // Of two at one address, the lower function is mapped.
      `write ${at(31, 0x10)} 0x20000000`,
      `expect ${0x2000_0000 + QUEUES} 1 2`,
      `write ${at(1, 4)} 0 2`,
      `expect ${0x2000_0000 + QUEUES} 3 2`,
      'write 0x20010000 1',
      'exit 7',
    );
    await vm.start();
    expect(await vm.exit).toMatchObject({ exitCode: 7 });
    await end();
  });
});
