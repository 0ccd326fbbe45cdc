import { option } from '@qvm/core/options';
import type { AccessWidth, PortHandler, VdevFactory } from '@qvm/core/vdev';
import type { Board } from '@qvm/core/board';
import { virt } from '@qvm/boards';
import { createVdev, type VdevHarness } from '../create-vdev.js';
import { FakeVdevContext } from '../fake-vdev-context.js';
import { createTestVdev } from '../test-vdev.js';
import { factoryProblems, resourceProblems } from './declaration-problems.js';
import { describeVdevContract } from './describe-vdev-contract.js';
import { deviceTreeProblems } from './device-tree-problems.js';
import { hostileStates } from './hostile-states.js';
import { findBadAccess } from './random-accesses.js';

describeVdevContract(createTestVdev(), { options: { preset: '0x11' }, change: ({ write }) => write(0, 0x2a) });

/** The same registers as I/O ports, for machines that have them; in memory on others. */
function createPortVdev(): VdevFactory {
  const plain = createTestVdev();
  return {
    ...plain,
    type: 'test-ports',
    resources: (options, machine) => {
      const { mmio = [], ...others } = plain.resources(options);
      return machine?.ioPorts === true ? { ...others, ports: mmio } : { ...others, mmio };
    },
    create: (context, options) => {
      const { mmio = {}, ...vdev } = plain.create(context, options);
      return context.portBase.registers === undefined ? { ...vdev, mmio } : { ...vdev, ports: mmio };
    },
  };
}

const change = ({ write }: VdevHarness): void => write(0, 0x2a);
const ioPorts: Board = { ...virt, ioPorts: true };
describeVdevContract(createPortVdev(), { change, context: { board: ioPorts } });
describeVdevContract(createPortVdev(), { change });

it('drives I/O ports, by bytes unless told otherwise, where the board has them or elsewhere', () => {
  const board: Board = { ...ioPorts, places: { serial: { port: 0x3f8 } } };
  const { vdev, read, write, context } = createVdev(createPortVdev(), { context: { board } });
  const port = vdev.ports?.['registers'] as PortHandler;
  const widths: AccessWidth[] = [];
  const noted = {
    ...port,
    write: (offset: number, width: AccessWidth, value: number) => {
      widths.push(width);
      port.write(offset, width, value);
    },
  };
  Object.assign(vdev, { ports: { registers: noted } });
  write(0, 0x2a);
  write(4, 1, 2, 'registers');
  expect([widths, read(0), read(0, 4, 'registers')]).toEqual([[1, 2], 0x2a, 0x2a]);
  expect(context.portBase).toEqual({ registers: 0x1000 });
  const serial = {
    ports: [
      { name: 'first', size: 8 },
      { name: 'second', size: 0x11 },
      { name: 'third', size: 1 },
    ],
  };
  expect(new FakeVdevContext({ board, type: 'serial', resources: serial }).portBase).toEqual({
    first: 0x3f8,
    second: 0x1010,
    third: 0x1030,
  });
});

/** A vdev whose register is the period of a timer, in nanoseconds. */
function createFastTimerVdev(): VdevFactory {
  const plain = createTestVdev();
  return {
    ...plain,
    type: 'fast-timer',
    create: (context, options) => {
      const vdev = plain.create(context, options);
      const period = (): number => vdev.mmio?.['registers']?.read(0, 4) ?? 0;
      const timer = context.clock.createTimer('tick', () => rearm());
      const rearm = (): void => (period() === 0 ? timer.cancel() : timer.arm(context.clock.now() + period()));
      const rearming =
        <A extends readonly unknown[]>(action: (...values: A) => void) =>
        (...values: A): void => {
          action(...values);
          rearm();
        };
      const registers = vdev.mmio?.['registers'];
      if (registers === undefined) throw new Error('no registers');
      const write = rearming((offset: number, width: AccessWidth, value: number) =>
        registers.write(offset, width, value),
      );
      return {
        ...vdev,
        mmio: { registers: { read: (offset, width) => registers.read(offset, width), write } },
        reset: rearming(() => vdev.reset()),
        restore: rearming((snapshot: Parameters<typeof vdev.restore>[0]) => vdev.restore(snapshot)),
        dispose: () => {
          timer.dispose();
          return vdev.dispose();
        },
      };
    },
  };
}

// The suite ends for any value that a seed writes to the register.
for (const seed of [1, 2, 3]) {
  describeVdevContract(createFastTimerVdev(), { maxFirings: 1000, seed, change: ({ write }) => write(0, 0x2a) });
}

describe('the contract finds faults', () => {
  const handlerOf = (faults: Parameters<typeof createTestVdev>[0]) => {
    const handler = createVdev(createTestVdev(faults)).vdev.mmio?.registers;
    if (handler === undefined) {
      throw new Error('no handler');
    }
    return handler;
  };

  it('in reads that throw or are too wide', () => {
    expect(findBadAccess(handlerOf({ throwAt: 4 }), 8, 1)).toMatch(/offset 0x4, width 1: threw RangeError/);
    expect(findBadAccess(handlerOf({ tooWide: true }), 8, 1)).toMatch(/read gave 4294967296/);
    expect(findBadAccess(handlerOf({}), 8, 1)).toBeUndefined();
  });

  it('in leaked timers', async () => {
    const { vdev, context } = createVdev(createTestVdev({ leakTimer: true }));
    await vdev.dispose();
    expect(context.clock.timers).toBe(1);
  });

  it('in declarations', () => {
    const factory = {
      ...createTestVdev(),
      description: ' ',
      options: {
        irq: option.number({ description: '' }),
        Fast: option.boolean({ description: 'd', aliases: ['irq', 'loc'] }),
      },
    };
    expect(factoryProblems(factory)).toEqual([
      'there is no description',
      'option irq is declared twice',
      'option irq has no description',
      'option irq is one that every vdev has',
      'option Fast is not in lower-case words',
      'option irq is one that every vdev has',
      'option loc is one that every vdev has',
    ]);
  });

  it('in resources', () => {
    const mmio = [
      { name: 'a', size: 0x1000 },
      { name: 'a', size: 6 },
    ];
    expect(resourceProblems({ mmio, interrupts: [{ name: 'i' }, { name: 'i' }] })).toEqual([
      'range a is requested twice',
      'interrupt i is requested twice',
      'range a has a size of 6, not a multiple of 4',
    ]);
    expect(resourceProblems({ mmio: [{ name: 'v', size: 0x200 }] })).toEqual([]);
    const ports = [
      { name: 'a', size: 0 },
      { name: 'b', size: 0x1_0001 },
      { name: 'c', size: 1.5 },
      { name: 'v', size: 1 },
    ];
    expect(resourceProblems({ mmio: [{ name: 'v', size: 4 }], ports })).toEqual([
      'range v is requested twice',
      'range a has 0 I/O ports, not 1 to 65536',
      'range b has 65537 I/O ports, not 1 to 65536',
      'range c has 1.5 I/O ports, not 1 to 65536',
    ]);
  });

  it('in device-tree nodes', () => {
    const node = { name: 'uart@10', properties: { reg: { cells: [0, 0x20, 0, -1] }, 'bad name': true } } as const;
    expect(deviceTreeProblems(node)).toEqual([
      'node uart@10: property reg has an invalid value',
      'node uart@10: property bad name has an invalid name',
      'node uart@10: lacks compatible',
      'node uart@10: its unit address is not the first address of reg',
    ]);
  });
});

describe('hostileStates', () => {
  it('poisons each place, adds and removes members', () => {
    const states = [...hostileStates({ a: [1] })];
    const labels = states.map((state) => state.label);
    expect(labels).toEqual(expect.arrayContaining(['state = null', 'state.a = NaN', 'state.a.0 = -1']));
    expect(states.find((state) => state.label === 'state.a.0 = -1')?.state).toEqual({ a: [-1] });
    expect(states.find((state) => state.label === 'state without its first member')?.state).toEqual({});
  });
});
