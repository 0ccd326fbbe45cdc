import { POWER_BUTTON } from '@qvm/core/services';
import type { PowerButton } from '@qvm/core/services';
import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { pl061 } from './type.js';

const ALL_DATA = 0x3fc;
const DIR = 0x400;
const IS = 0x404;
const IBE = 0x408;
const IEV = 0x40c;
const IE = 0x410;
const RIS = 0x414;
const MIS = 0x418;
const IC = 0x41c;
const POWER = 0x08;
const PRESS_NS = 100e6;

const level = ({ context }: VdevHarness): boolean => context.interrupt('gpio').level;

function press({ context }: VdevHarness): boolean {
  return (context.offers.get(POWER_BUTTON.key) as PowerButton).press();
}

/** A device with both edges of the button's line unmasked, as gpio_keys of Linux requests. */
function listening(): VdevHarness {
  const gpio = createVdev(pl061);
  gpio.write(IBE, POWER);
  gpio.write(IE, POWER);
  return gpio;
}

describeVdevContract(pl061, {
  change: (gpio) => {
    gpio.write(DIR, 0x05);
    gpio.write(ALL_DATA, 0xff);
    gpio.write(IBE, POWER);
    gpio.write(IE, POWER);
    press(gpio);
  },
});

describe('pl061', () => {
  it('reads and writes the data through the mask in the address', () => {
    const gpio = createVdev(pl061);
    gpio.write(DIR, 0xff);
    gpio.write(ALL_DATA, 0xa5);
    expect([gpio.read(ALL_DATA), gpio.read(0x0f << 2), gpio.read(0xf0 << 2), gpio.read(0)]).toEqual([0xa5, 5, 0xa0, 0]);
    gpio.write(0x0f << 2, 0xff);
    expect(gpio.read(ALL_DATA)).toBe(0xaf);
    gpio.write(DIR, 0x0f);
    expect(gpio.read(ALL_DATA)).toBe(0x0f);
  });

  it('is found by the amba bus of Linux', () => {
    const gpio = createVdev(pl061);
    const id = (first: number) =>
      [0, 1, 2, 3].reduce((value, index) => value + gpio.read(first + 4 * index) * 2 ** (8 * index), 0);
    // drivers/gpio/gpio-pl061.c: id 0x00041061, mask 0x000fffff.
    expect([id(0xfe0) & 0x000f_ffff, id(0xff0)]).toEqual([0x0004_1061, 0xb105_f00d]);
  });

  it('is described as on the virt board', () => {
    const nodes = createVdev(pl061).vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(nodes.map(({ name }) => name)).toEqual(['pl061@9030000', 'gpio-keys']);
    const phandle = nodes[0]?.properties['phandle'] as { readonly cells: readonly number[] };
    expect(nodes[0]?.properties).toMatchObject({
      compatible: ['arm,pl061', 'arm,primecell'],
      interrupts: { cells: [0, 7, 4] },
      'gpio-controller': true,
      '#gpio-cells': { cells: [2] },
    });
    expect(nodes[1]?.children?.[0]?.properties).toEqual({
      label: 'GPIO Key Poweroff',
      'linux,code': { cells: [116] },
      gpios: { cells: [...phandle.cells, 3, 0] },
    });
  });
});

describe('the power button', () => {
  it('goes unnoticed by a guest that has not set it up', () => {
    const gpio = createVdev(pl061);
    expect([press(gpio), gpio.read(ALL_DATA), level(gpio)]).toEqual([false, 0, false]);
  });

  it('interrupts at both edges of a press', () => {
    const gpio = listening();
    expect([press(gpio), level(gpio), gpio.read(MIS), gpio.read(ALL_DATA)]).toEqual([true, true, POWER, POWER]);
    gpio.write(IC, POWER);
    expect(level(gpio)).toBe(false);
    gpio.context.clock.advance(PRESS_NS);
    expect([level(gpio), gpio.read(ALL_DATA)]).toEqual([true, 0]);
    gpio.write(IC, POWER);
    expect(level(gpio)).toBe(false);
  });

  it.each([
    ['rising', { [IEV]: POWER }, [true, false]],
    ['falling', { [IEV]: 0 }, [false, true]],
  ] as const)('interrupts at the %s edge alone', (_name, settings, expected) => {
    const gpio = createVdev(pl061);
    for (const [offset, value] of Object.entries(settings)) gpio.write(Number(offset), value);
    gpio.write(IE, POWER);
    press(gpio);
    const rising = level(gpio);
    gpio.write(IC, POWER);
    gpio.context.clock.advance(PRESS_NS);
    expect([rising, level(gpio)]).toEqual(expected);
  });

  it('interrupts while it is down when levels are sensed, and cannot be cleared', () => {
    const gpio = createVdev(pl061);
    gpio.write(IS, POWER);
    gpio.write(IEV, POWER);
    gpio.write(IE, POWER);
    press(gpio);
    gpio.write(IC, POWER);
    expect(level(gpio)).toBe(true);
    gpio.context.clock.advance(PRESS_NS);
    expect([level(gpio), gpio.read(RIS)]).toEqual([false, 0]);
  });

  it('senses nothing of the world on an output', () => {
    const gpio = listening();
    gpio.write(DIR, POWER);
    press(gpio);
    expect([gpio.read(ALL_DATA), level(gpio)]).toEqual([0, false]);
  });
});

describe('pl061 and hostile guests', () => {
  it('keeps line and masked interrupts together', () => {
    const write = fc.tuple(fc.nat({ max: 0x43f }), fc.nat({ max: 0xff }));
    fc.assert(
      fc.property(fc.array(write, { maxLength: 50 }), (writes) => {
        const gpio = createVdev(pl061);
        for (const [offset, value] of writes) {
          gpio.write(offset & ~3, value);
          press(gpio);
          expect(level(gpio)).toBe(gpio.read(MIS) !== 0);
        }
      }),
    );
  });
});
