import { pc, virt } from '@qvm/boards';
import { BOARD, provide, VDEV_FACTORY } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type { Board } from '@qvm/core/board';
import type { VdevFactory } from '@qvm/core/vdev';
import { createHypervisor, lintFacts } from './index.js';
import type { Hypervisor } from './index.js';
import { plugin as scripts, script } from './script-machine.test.helper.js';

function boardPlugin(...boards: readonly Board[]): QvmPlugin {
  return {
    name: 'boards',
    apiVersion: 1,
    provides: boards.map((board) => provide({ token: BOARD, scope: 'host', multi: true, factory: () => board })),
  };
}

const moved: Board = {
  ...virt,
  name: 'moved',
  ram: { base: 0x8000_0000 },
  implicitVdevs: [],
  places: { ...virt.places, pl011: { base: 0x1000_0000, interrupt: 40 } },
};

/** Base addresses of RAM and of the registers of two UARTs. */
async function regionsOf(hypervisor: Hypervisor, board?: string): Promise<Readonly<Record<string, number>>> {
  const vm = await hypervisor.createVm({
    name: 'test',
    image: script('poweroff'),
    ram: [{ size: '1M' }],
    ...(board === undefined ? {} : { board }),
    vdevs: [{ type: 'qcar-uart' }, { type: 'pl011', options: { hostdev: 'null' } }],
  });
  const ram = vm.ram.map(({ name, base }) => [name, base] as const);
  const vdevs = vm.vdevs.map(({ name, place }) => [name, place.registers[0]?.base ?? 0] as const);
  await vm.dispose();
  return Object.fromEntries([...ram, ...vdevs]);
}

describe('a board', () => {
  it('is what a configuration names: a place for a type before one for its role', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts, boardPlugin(moved)] });
    expect(hypervisor.boards.map(({ name }) => name)).toEqual(['virt', 'pc', 'script', 'moved']);
    expect(await regionsOf(hypervisor, 'moved')).toEqual({
      'qcar-uart-0': 0x0900_0000,
      'pl011-0': 0x1000_0000,
      ram0: 0x8000_0000,
    });
    await hypervisor.dispose();
  });

  it('with I/O ports gives them to vdevs that have some, which the map lists below memory', async () => {
    const serial: VdevFactory = {
      type: 'serial',
      description: 'A serial port',
      console: true,
      options: {},
      resources: (_, machine) => (machine?.ioPorts === true ? { ports: [{ name: 'registers', size: 8 }] } : {}),
      create: () => ({
        ports: { registers: { read: () => 0x60, write: () => undefined } },
        reset: () => undefined,
        save: () => ({ version: 1, state: {} }),
        restore: () => undefined,
        status: () => ({}),
        dispose: () => undefined,
      }),
    };
    const row = { count: 2, addressStride: 0, portStride: -0x100, interruptStride: -1 };
    const pc: Board = { ...moved, ioPorts: true, places: { serial: { port: 0x3f8, row } } };
    const serials: QvmPlugin = {
      name: 'serials',
      apiVersion: 1,
      provides: [provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => serial })],
    };
    const hypervisor = createHypervisor({ plugins: [scripts, serials, boardPlugin(pc)] });
    const vm = await hypervisor.createVm({
      name: 'test',
      board: 'moved',
      image: script('expect io:0x2fd 0x60', 'expect io:0x2e0 0xff', 'exit 7'),
      ram: [{ size: '1M' }],
      vdevs: [{ type: 'serial' }, { type: 'serial' }],
    });
    expect(vm.vdevs.map(({ place }) => place)).toEqual([
      { registers: [], ports: [{ name: 'registers', base: 0x3f8, size: 8 }], windows: [], interrupts: [] },
      { registers: [], ports: [{ name: 'registers', base: 0x2f8, size: 8 }], windows: [], interrupts: [] },
    ]);
    const vdev = { type: 'serial', interrupts: [] };
    expect(vm.map).toEqual([
      { base: 0x8000_0000, size: 0x10_0000, kind: 'ram', name: 'ram0' },
      { base: 0x2f8, size: 8, kind: 'ports', name: 'serial-1', vdev: { ...vdev, name: 'serial-1' } },
      { base: 0x3f8, size: 8, kind: 'ports', name: 'serial-0', vdev: { ...vdev, name: 'serial-0' } },
    ]);
    await vm.start();
    expect(await vm.exit).toMatchObject({ exitCode: 7 });
    await vm.dispose();
    await hypervisor.dispose();
  });

  it('of a plugin takes the place of one with its name, and the usual one is the architecture’s', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts, boardPlugin({ ...moved, name: 'script' })] });
    expect(await regionsOf(hypervisor)).toMatchObject({ ram0: 0x8000_0000 });
    await hypervisor.dispose();
  });

  it('must be there, for guests of the architecture', async () => {
    const other = { ...moved, name: 'other', architecture: 'x86_64' };
    const hypervisor = createHypervisor({ plugins: [scripts, boardPlugin(moved, other)] });
    await expect(regionsOf(hypervisor, 'movd')).rejects.toThrow(
      'error: there is no board "movd" for aarch64 guests; did you mean "moved"?',
    );
    await expect(regionsOf(hypervisor, 'other')).rejects.toThrow(
      'error: there is no board "other" for aarch64 guests; there are moved, script, virt',
    );
    await hypervisor.dispose();
  });

  it('tells the linter of the VM that is on it', async () => {
    const hypervisor = createHypervisor({ plugins: [boardPlugin(moved)] });
    const { board } = lintFacts(hypervisor);
    expect([board?.({})?.ram, board?.({ board: 'moved' })?.ram]).toEqual([virt.ram, moved.ram]);
    expect([board?.({ board: 'none' }), board?.({ arch: 'x86_64' })?.ram]).toEqual([undefined, pc.ram]);
    await hypervisor.dispose();
  });
});
