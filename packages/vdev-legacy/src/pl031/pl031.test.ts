import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { pl031 } from './type.js';

const DR = 0x00;
const MR = 0x04;
const LR = 0x08;
const CR = 0x0c;
const IMSC = 0x10;
const RIS = 0x14;
const MIS = 0x18;
const ICR = 0x1c;
const SECOND = 1e9;
/** The wall clock of a ManualClock at time 0. */
const EPOCH = 1_704_067_200;

function level({ context }: VdevHarness): boolean {
  return context.interrupt('rtc').level;
}

describeVdevContract(pl031, {
  change: ({ write, context }) => {
    write(LR, 1000);
    write(IMSC, 1);
    write(MR, 1002);
    context.clock.advance(3 * SECOND);
    write(MR, 5000);
  },
});

describe('pl031', () => {
  it('shows the wall clock', () => {
    const rtc = createVdev(pl031);
    expect(rtc.read(DR)).toBe(EPOCH);
    rtc.context.clock.advance(2.5 * SECOND);
    expect(rtc.read(DR)).toBe(EPOCH + 2);
  });

  it('can be set, and runs on from there', () => {
    const rtc = createVdev(pl031);
    rtc.write(LR, 0xffff_ffff);
    expect([rtc.read(LR), rtc.read(DR)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    rtc.context.clock.advance(2 * SECOND);
    expect([rtc.read(LR), rtc.read(DR)]).toEqual([0xffff_ffff, 1]);
  });

  it.each([DR, RIS, MIS])(
    'has its alarm raised for a guest that reads register %i when the host is late',
    (register) => {
      const rtc = createVdev(pl031);
      rtc.write(IMSC, 1);
      rtc.write(MR, EPOCH + 2);
      rtc.context.clock.lag(1.9 * SECOND);
      rtc.read(register);
      expect(level(rtc)).toBe(false);
      rtc.context.clock.lag(0.1 * SECOND);
      rtc.read(register);
      expect([level(rtc), rtc.read(RIS)]).toEqual([true, 1]);
    },
  );

  it('always runs', () => {
    const rtc = createVdev(pl031);
    rtc.write(CR, 0);
    expect(rtc.read(CR)).toBe(1);
  });

  it('is found by the amba bus of Linux', () => {
    const rtc = createVdev(pl031);
    const id = (first: number) =>
      [0, 1, 2, 3].reduce((value, index) => value + rtc.read(first + 4 * index) * 2 ** (8 * index), 0);
    // drivers/rtc/rtc-pl031.c: id 0x00041031, mask 0x000fffff.
    expect(id(0xfe0) & 0x000f_ffff).toBe(0x0004_1031);
    expect(id(0xff0)).toBe(0xb105_f00d);
  });

  it('is described as on the virt board', () => {
    expect(createVdev(pl031).vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
      {
        name: 'pl031@9010000',
        properties: {
          compatible: ['arm,pl031', 'arm,primecell'],
          reg: { cells: [0, 0x0901_0000, 0, 0x1000] },
          interrupts: { cells: [0, 2, 4] },
          'clock-names': ['apb_pclk'],
          clocks: { cells: [1] },
        },
      },
    ]);
  });
});

describe('pl031 alarm', () => {
  it('comes at its second, through the mask, until cleared (rtc-pl031.c: set_alarm, interrupt)', () => {
    const rtc = createVdev(pl031);
    rtc.context.clock.advance(0.25 * SECOND);
    rtc.write(MR, rtc.read(DR) + 10);
    rtc.write(IMSC, 1);
    rtc.context.clock.advance(9.74 * SECOND);
    expect(level(rtc)).toBe(false);
    rtc.context.clock.advance(0.01 * SECOND);
    expect([level(rtc), rtc.read(MIS), rtc.read(DR)]).toEqual([true, 1, EPOCH + 10]);
    rtc.write(ICR, 1);
    expect([level(rtc), rtc.read(RIS)]).toEqual([false, 0]);
    rtc.context.clock.advance(10 * SECOND);
    expect(level(rtc)).toBe(false);
  });

  it('is there at once when the time is now', () => {
    const rtc = createVdev(pl031);
    rtc.write(MR, EPOCH);
    expect([rtc.read(RIS), level(rtc)]).toEqual([1, false]);
    rtc.write(IMSC, 1);
    expect(level(rtc)).toBe(true);
  });

  it('is far away when its time has passed', () => {
    const rtc = createVdev(pl031);
    rtc.write(IMSC, 1);
    rtc.write(MR, EPOCH - 1);
    rtc.context.clock.advance(86_400 * SECOND);
    expect(level(rtc)).toBe(false);
  });

  it('moves with the time that is set', () => {
    const rtc = createVdev(pl031);
    rtc.write(IMSC, 1);
    rtc.write(MR, EPOCH + 100_000);
    rtc.write(LR, EPOCH + 99_999);
    rtc.context.clock.advance(SECOND);
    expect(level(rtc)).toBe(true);
  });

  it('follows a wall clock that is stepped on the host', () => {
    const rtc = createVdev(pl031);
    rtc.write(IMSC, 1);
    rtc.write(MR, EPOCH + 1000);
    rtc.context.clock.setWallClock(EPOCH - 500);
    rtc.context.clock.advance(1499 * SECOND);
    expect(level(rtc)).toBe(false);
    rtc.context.clock.advance(SECOND);
    expect(level(rtc)).toBe(true);
  });

  it('comes late rather than never when it passed while the state was saved', () => {
    const rtc = createVdev(pl031);
    rtc.write(IMSC, 1);
    rtc.write(MR, EPOCH + 5);
    const other = createVdev(pl031);
    other.context.clock.advance(50 * SECOND);
    other.vdev.restore(rtc.vdev.save());
    expect(level(other)).toBe(true);
  });
});
