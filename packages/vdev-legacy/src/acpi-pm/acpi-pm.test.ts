import { POWER_BUTTON } from '@qvm/core/services';
import type { PowerButton } from '@qvm/core/services';
import { createVdev, describeVdevContract } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { acpiPm } from './type.js';

// Offsets and bits of the ACPI Specification 6.5, section 4.8.3, in numbers: the device has names of its own.
const STATUS = 0x00;
const ENABLE = 0x02;
const CONTROL = 0x04;
const TIMER = 0x08;
const GPE_STATUS = 0x20;
const GPE_ENABLE = 0x28;
const TMR = 0x0001;
const PWRBTN = 0x0100;
const SCI_EN = 0x0001;

const setup = { context: { board: portBoard } };
const create = (): VdevHarness => createVdev(acpiPm, setup);
const sci = ({ context }: VdevHarness): boolean => context.interrupt('sci').level;
const press = ({ context }: VdevHarness): boolean => (context.offers.get(POWER_BUTTON.key) as PowerButton).press();

describeVdevContract(acpiPm, {
  ...setup,
  change: (harness) => {
    harness.write(ENABLE, PWRBTN | TMR, 2);
    harness.write(CONTROL, 0x0403, 2);
    harness.write(GPE_ENABLE, 0xff00_00ff, 4);
    harness.write(0, 0x77, 1, 'smi');
    press(harness);
  },
});

describe('acpi-pm', () => {
  it('has a timer of 3.579545 MHz and 32 bits', () => {
    const harness = create();
    harness.context.clock.advance(1e9);
    expect(harness.read(TIMER, 4)).toBe(3_579_545);
    expect([0, 1, 2, 3].map((byte) => harness.read(TIMER + byte, 1))).toEqual([0x99, 0x9e, 0x36, 0]);
    expect(harness.read(TIMER + 2, 2)).toBe(0x0036);
    // 2^32 ticks are 1199.86 s.
    harness.context.clock.advance(1199e9);
    expect(harness.read(TIMER, 4)).toBe(Math.floor((1200 * 315e6) / 88) % 2 ** 32);
    harness.write(TIMER, 0, 4);
    expect(harness.read(TIMER, 4)).not.toBe(0);
  });

  it('raises the SCI each time the highest bit of the timer changes, if it is told to', () => {
    const harness = create();
    harness.context.clock.advance(599e9);
    expect([harness.read(STATUS, 2), harness.context.clock.nextDeadline]).toEqual([0, undefined]);
    harness.context.clock.advance(1e9);
    expect([harness.read(STATUS, 2), sci(harness)]).toEqual([TMR, false]);
    harness.write(ENABLE, TMR, 2);
    expect(sci(harness)).toBe(true);
    harness.write(STATUS, TMR, 2);
    expect([harness.read(STATUS, 2), sci(harness)]).toEqual([0, false]);
    harness.context.clock.advance(599e9);
    expect(sci(harness)).toBe(false);
    harness.context.clock.advance(1e9);
    expect(sci(harness)).toBe(true);
  });

  it('presses its power button for a guest that listens (Linux: evxfevnt.c enables it, the SCI handler clears it)', () => {
    const harness = create();
    expect(press(harness)).toBe(false);
    harness.write(STATUS, PWRBTN, 2);
    harness.write(ENABLE, harness.read(ENABLE, 2) | PWRBTN, 2);
    expect(sci(harness)).toBe(false);
    expect([press(harness), sci(harness), harness.read(STATUS, 2)]).toEqual([true, true, PWRBTN]);
    harness.write(STATUS, PWRBTN, 2);
    expect([sci(harness), harness.read(STATUS, 2), harness.read(ENABLE, 2)]).toEqual([false, 0, PWRBTN]);
  });

  it('turns the machine off by SLP_EN with the type of S5, and by nothing else', () => {
    const harness = create();
    // hwesleep.c writes SLP_TYP first, then both.
    harness.write(CONTROL, SCI_EN, 2);
    expect(harness.context.powerRequests).toEqual([]);
    harness.write(CONTROL, 0x2000 | SCI_EN, 2);
    expect([harness.context.powerRequests, harness.read(CONTROL, 2)]).toEqual([['power-off'], SCI_EN]);
    harness.write(CONTROL, 0x2000 | (1 << 10), 2);
    expect(harness.context.powerRequests).toEqual(['power-off']);
    expect(harness.context.logger.messages).toHaveLength(1);
  });

  it('starts in ACPI mode, and leaves and enters it by the SMI command port', () => {
    const harness = create();
    expect(harness.read(CONTROL, 2)).toBe(SCI_EN);
    harness.write(ENABLE, PWRBTN, 2);
    press(harness);
    harness.write(0, 3, 1, 'smi');
    expect([harness.read(CONTROL, 2), sci(harness), press(harness)]).toEqual([0, false, false]);
    harness.write(0, 2, 1, 'smi');
    expect([harness.read(CONTROL, 2), sci(harness)]).toEqual([SCI_EN, true]);
    harness.write(0, 0xaa55, 2, 'smi');
    expect([harness.read(0, 1, 'smi'), harness.read(1, 1, 'smi')]).toEqual([0x55, 0xaa]);
  });

  it('has 64 general-purpose events that nothing raises', () => {
    const harness = create();
    harness.write(GPE_ENABLE, 0xffff_ffff, 4);
    harness.write(GPE_STATUS, 0xffff_ffff, 4);
    const values = [GPE_STATUS, GPE_STATUS + 4, GPE_ENABLE, GPE_ENABLE + 4].map((offset) => harness.read(offset, 4));
    expect([values, sci(harness)]).toEqual([[0, 0, 0xffff_ffff, 0], false]);
  });
});
