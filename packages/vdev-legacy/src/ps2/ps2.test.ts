import { INPUT_DEVICES } from '@qvm/core/services';
import type { InputDevices } from '@qvm/core/services';
import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { portBoard } from '../ports/port-board.test.helper.js';
import { pl050, ps2 } from './type.js';

type LineName = 'keyboard' | 'mouse';

const input = ({ context }: VdevHarness): InputDevices => context.offers.get(INPUT_DEVICES.key) as InputDevices;

/** Accesses a port like its Linux driver. */
interface Driver {
  readonly enable: (line: LineName) => void;
  readonly send: (line: LineName, byte: number) => void;
  /** Reads all bytes that the interrupt handler would read. */
  readonly receive: (line: LineName) => number[];
}

/** drivers/input/serio/ambakmi.c */
function kmiDriver({ read, write }: VdevHarness): Driver {
  return {
    enable: (line) => write(0x00, 0x14, 1, line),
    send: (line, byte) => {
      expect(read(0x04, 1, line) & 0x40).toBe(0x40);
      write(0x08, byte, 1, line);
    },
    receive: (line) => {
      const bytes: number[] = [];
      while ((read(0x10, 1, line) & 1) !== 0) bytes.push(read(0x08, 1, line));
      return bytes;
    },
  };
}

/** drivers/input/serio/altera_ps2.c */
function alteraDriver({ read, write }: VdevHarness): Driver {
  return {
    enable: (line) => write(4, 1, 4, line),
    send: (line, byte) => write(0, byte, 4, line),
    receive: (line) => {
      const bytes: number[] = [];
      for (let status = read(0, 4, line); status >>> 16 !== 0; status = read(0, 4, line)) bytes.push(status & 0xff);
      return bytes;
    },
  };
}

/** drivers/input/serio/i8042.c, without translation; bytes are for the line that bit 5 of the status names. */
function i8042Driver({ read, write }: VdevHarness): Driver {
  const received = { keyboard: [] as number[], mouse: [] as number[] };
  const drain = (): void => {
    for (let status = read(0, 1, 'command'); (status & 0x01) !== 0; status = read(0, 1, 'command')) {
      received[(status & 0x20) === 0 ? 'keyboard' : 'mouse'].push(read(0, 1, 'data'));
    }
  };
  return {
    enable: () => {
      write(0, 0x60, 1, 'command');
      write(0, 0x07, 1, 'data');
    },
    send: (line, byte) => {
      if (line === 'mouse') write(0, 0xd4, 1, 'command');
      write(0, byte, 1, 'data');
    },
    receive: (line) => {
      drain();
      return received[line].splice(0);
    },
  };
}

const AT_PORTS = { context: { board: portBoard } };
const FRONT_ENDS = [
  ['pl050', pl050, kmiDriver, {}],
  ['ps2 in memory', ps2, alteraDriver, {}],
  ['ps2 at I/O ports', ps2, i8042Driver, AT_PORTS],
] as const;

for (const [, factory, driverOf, setup] of FRONT_ENDS) {
  describeVdevContract(factory, {
    ...setup,
    change: (harness) => {
      const driver = driverOf(harness);
      for (const line of ['keyboard', 'mouse'] as const) {
        driver.enable(line);
        driver.send(line, 0xf4);
      }
      driver.send('keyboard', 0xed);
      driver.send('mouse', 0xf3);
      input(harness).type('x');
      input(harness).pointer(5, 5, 1);
    },
  });
}

describe.each(FRONT_ENDS)('keyboard and mouse on %s', (_type, factory, driverOf, setup) => {
  function create(): { readonly harness: VdevHarness; readonly ask: (line: LineName, ...bytes: number[]) => number[] } {
    const harness = createVdev(factory, setup);
    const driver = driverOf(harness);
    driver.enable('keyboard');
    driver.enable('mouse');
    const ask = (line: LineName, ...bytes: number[]): number[] =>
      bytes.flatMap((byte) => {
        driver.send(line, byte);
        return driver.receive(line);
      });
    return { harness, ask };
  }

  it('the keyboard answers what atkbd.c of Linux asks', () => {
    const { ask } = create();
    expect(ask('keyboard', 0xff)).toEqual([0xfa, 0xaa]);
    expect(ask('keyboard', 0xf2)).toEqual([0xfa, 0xab, 0x83]);
    expect(ask('keyboard', 0xf5)).toEqual([0xfa]);
    expect(ask('keyboard', 0xed, 0x05)).toEqual([0xfa, 0xfa]);
    expect(ask('keyboard', 0xf3, 0x00)).toEqual([0xfa, 0xfa]);
    expect(ask('keyboard', 0xf0, 0x00)).toEqual([0xfa, 0xfa, 0x02]);
    expect(ask('keyboard', 0xf0, 0x02)).toEqual([0xfa, 0xfa]);
    expect(ask('keyboard', 0xf0, 0x03)).toEqual([0xfa, 0xfe]);
    expect(ask('keyboard', 0xee, 0xf4, 0xf6)).toEqual([0xee, 0xfa, 0xfa]);
    expect(ask('keyboard', 0x00, 0xef)).toEqual([0xfe, 0xfe]);
    expect(ask('keyboard', 0xf2, 0xfe)).toEqual([0xfa, 0xab, 0x83, 0x83]);
  });

  it('the mouse answers what psmouse-base.c of Linux asks, and gets a wheel by the knock', () => {
    const { ask } = create();
    expect(ask('mouse', 0xff)).toEqual([0xfa, 0xaa, 0x00]);
    expect(ask('mouse', 0xf2)).toEqual([0xfa, 0x00]);
    expect(ask('mouse', 0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2)).toEqual([...Array<number>(7).fill(0xfa), 0x03]);
    expect(ask('mouse', 0xe8, 3, 0xe6, 0xf3, 100)).toEqual([0xfa, 0xfa, 0xfa, 0xfa, 0xfa]);
    expect(ask('mouse', 0xe9)).toEqual([0xfa, 0x00, 3, 100]);
    expect(ask('mouse', 0xe8, 4)).toEqual([0xfa, 0xfe]);
    expect(ask('mouse', 0xf4)).toEqual([0xfa]);
    expect(ask('mouse', 0xee, 0x12, 0xec)).toEqual([0xfa, 0x12, 0xfa]);
    expect(ask('mouse', 0xe1)).toEqual([0xfe]);
  });

  it('keys send scan codes of set 2', () => {
    const { harness } = create();
    const driver = driverOf(harness);
    expect(input(harness).type('aB\n')).toBe('');
    const shifted = [0x12, 0x32, 0xf0, 0x32, 0xf0, 0x12];
    expect(driver.receive('keyboard')).toEqual([0x1c, 0xf0, 0x1c, ...shifted, 0x5a, 0xf0, 0x5a]);
    input(harness).key('ArrowUp', true);
    input(harness).key('ArrowUp', false);
    expect(driver.receive('keyboard')).toEqual([0xe0, 0x75, 0xe0, 0xf0, 0x75]);
    input(harness).key('Pause', true);
    input(harness).key('Pause', false);
    expect(driver.receive('keyboard')).toEqual([0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77]);
    for (const name of ['a', '', 'constructor', 'KeyÄ']) {
      expect(() => input(harness).key(name, true)).toThrow(expect.objectContaining({ code: 'input.key' }) as Error);
    }
  });

  it('types all of ASCII that can be typed, and says what cannot', () => {
    const { harness } = create();
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    expect(input(harness).type(`${printable}\t\n`)).toBe('');
    expect(input(harness).type('aä€b\u{1f600}')).toBe('ä€\u{1f600}');
  });

  it('keeps a bounded number of keys for a guest that reads none', () => {
    const { harness } = create();
    const left = input(harness).type('x'.repeat(100_000));
    expect(left.length).toBeGreaterThan(90_000);
    expect(driverOf(harness).receive('keyboard')).toHaveLength((100_000 - left.length) * 3);
  });

  it('answers a command between two keys', () => {
    const { harness, ask } = create();
    input(harness).type('ab');
    const bytes = ask('keyboard', 0xee);
    const keys = [0x1c, 0xf0, 0x1c, 0x32, 0xf0, 0x32];
    expect(bytes.filter((byte) => byte !== 0xee)).toEqual(keys);
    // After the first key was pressed, or after it was released, too.
    expect([1, 3]).toContain(bytes.indexOf(0xee));
  });

  it('a disabled keyboard sends nothing, and what was typed then is not typed', () => {
    const { harness, ask } = create();
    ask('keyboard', 0xf5);
    expect(input(harness).type('abc')).toBe('abc');
    expect(driverOf(harness).receive('keyboard')).toEqual([]);
    ask('keyboard', 0xf4);
    expect(input(harness).type('abc')).toBe('');
  });

  it('movement comes in packets, long ones in several', () => {
    const { harness, ask } = create();
    const driver = driverOf(harness);
    input(harness).pointer(9, 9, 0);
    expect(driver.receive('mouse')).toEqual([]);
    ask('mouse', 0xf4);
    input(harness).pointer(1, -2, 1);
    input(harness).pointer(-1, 2, 6);
    expect(driver.receive('mouse')).toEqual([0x09, 1, 2, 0x3e, 0xff, 0xfe]);
    input(harness).pointer(300, 0, 0);
    expect(driver.receive('mouse')).toEqual([0x08, 255, 0, 0x08, 45, 0]);
    input(harness).pointer(1e9, NaN, 0);
    expect(driver.receive('mouse').length).toBeLessThan(100);
  });

  it('gives movement in remote mode when asked', () => {
    const { harness, ask } = create();
    ask('mouse', 0xf0);
    input(harness).pointer(3, 0, 0);
    expect(driverOf(harness).receive('mouse')).toEqual([]);
    expect(ask('mouse', 0xeb)).toEqual([0xfa, 0x08, 3, 0]);
  });

  it('interrupts exactly while there is something to read', () => {
    const { harness } = create();
    const level = (): boolean => harness.context.interrupt('keyboard').level;
    expect(level()).toBe(false);
    input(harness).type('a');
    expect(level()).toBe(true);
    driverOf(harness).receive('keyboard');
    expect(level()).toBe(false);
  });

  it('survives any commands', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 255 }), { maxLength: 100 }), (bytes) => {
        const { harness } = create();
        const driver = driverOf(harness);
        for (const byte of bytes) {
          driver.send('keyboard', byte);
          driver.send('mouse', byte);
          input(harness).pointer(byte - 128, byte, byte);
          input(harness).type(String.fromCharCode(byte));
        }
        const snapshot = harness.vdev.save();
        harness.vdev.restore(snapshot);
        expect(harness.vdev.save()).toEqual(snapshot);
      }),
    );
  });
});

describe('pl050', () => {
  it('is found by the amba bus of Linux (drivers/input/serio/ambakmi.c: id 0x00041050, mask 0x000fffff)', () => {
    const kmi = createVdev(pl050);
    const id = (first: number) =>
      [0, 1, 2, 3].reduce((value, index) => value + kmi.read(first + 4 * index) * 2 ** (8 * index), 0);
    expect([id(0xfe0) & 0x000f_ffff, id(0xff0)]).toEqual([0x0004_1050, 0xb105_f00d]);
    const nodes = kmi.vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(nodes.map(({ name }) => name)).toEqual(['pl050@1c060000', 'pl050@1c070000']);
  });

  it('shows the parity of the byte and does nothing while disabled', () => {
    const kmi = createVdev(pl050);
    input(kmi).type('a');
    expect([kmi.read(0x04), kmi.read(0x10), kmi.read(0x08)]).toEqual([0x47, 0, 0]);
    kmi.write(0x00, 0x1c);
    expect([kmi.read(0x04), kmi.read(0x10), kmi.read(0x08)]).toEqual([0x53, 3, 0x1c]);
  });
});
