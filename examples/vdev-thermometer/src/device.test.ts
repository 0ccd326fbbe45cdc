import { readFileSync } from 'node:fs';
import { registersToMarkdown } from '@qvm/core/vdev';
import { createVdev, describeVdevContract } from '@qvm/testing';
import { thermometerFactory } from './index.js';
import { CONTROL_HEATER, CONTROL_INTERRUPT, STATUS_ALARM, thermometerRegisters } from './registers.js';

const CONTROL = thermometerRegisters.CONTROL.offset;
const TEMPERATURE = thermometerRegisters.TEMPERATURE.offset;
const LIMIT = thermometerRegisters.LIMIT.offset;
const STATUS = thermometerRegisters.STATUS.offset;
const SECOND = 1e9;

describeVdevContract(thermometerFactory, {
  options: { temperature: '20000' },
  change: ({ write, context }) => {
    write(LIMIT, 20_500);
    write(CONTROL, CONTROL_HEATER | CONTROL_INTERRUPT);
    context.clock.advance(SECOND);
  },
});

describe('@acme/vdev-thermometer', () => {
  it('heats while the heater is on', () => {
    const { read, write, context } = createVdev(thermometerFactory, { options: { temperature: 18_000 } });
    context.clock.advance(SECOND);
    expect(read(TEMPERATURE)).toBe(18_000);
    write(CONTROL, CONTROL_HEATER);
    context.clock.advance(SECOND);
    expect(read(TEMPERATURE)).toBe(19_000);
    write(CONTROL, 0);
    context.clock.advance(SECOND);
    expect(read(TEMPERATURE)).toBe(19_000);
  });

  it('raises its alarm at the limit, until that is cleared and its cause is gone', () => {
    const { read, write, context } = createVdev(thermometerFactory);
    write(LIMIT, 20_300);
    write(CONTROL, CONTROL_HEATER | CONTROL_INTERRUPT);
    context.clock.advance(0.2 * SECOND);
    expect(context.interrupt('alarm').level).toBe(false);
    context.clock.advance(0.1 * SECOND);
    expect([read(STATUS), context.interrupt('alarm').level]).toEqual([STATUS_ALARM, true]);
    write(STATUS, STATUS_ALARM);
    expect(context.interrupt('alarm').level).toBe(true);
    write(LIMIT, 30_000);
    write(STATUS, STATUS_ALARM);
    expect([read(STATUS), context.interrupt('alarm').level]).toEqual([0, false]);
  });

  it('keeps quiet when interrupts are off', () => {
    const { read, write, context } = createVdev(thermometerFactory);
    write(LIMIT, 0);
    expect([read(STATUS), context.interrupt('alarm').level]).toEqual([STATUS_ALARM, false]);
    write(CONTROL, CONTROL_INTERRUPT);
    expect(context.interrupt('alarm').level).toBe(true);
  });

  it('is described in the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(registersToMarkdown(thermometerRegisters));
  });
});
