import type { RegisterLayout } from '@qvm/core/vdev';

/** Bytes of the registers: a page, so that a guest can map them alone. */
export const REGISTERS_SIZE = 0x1000;

export const CONTROL_HEATER = 1 << 0;
export const CONTROL_INTERRUPT = 1 << 1;
export const STATUS_ALARM = 1 << 0;

/** The operations of the registers on the device. */
export interface ThermometerOperations {
  /** Millidegrees Celsius. */
  readonly temperature: number;
  controlChanged(): void;
  limitChanged(): void;
  clearStatus(bits: number): void;
}

export type ThermometerRegister = 'ID' | 'CONTROL' | 'TEMPERATURE' | 'LIMIT' | 'STATUS';

/** The one place that says what a guest sees. Dispatch, snapshots and the table in the README come from it. */
export const thermometerRegisters: RegisterLayout<ThermometerOperations, ThermometerRegister> = {
  ID: { offset: 0x00, access: 'ro', reset: 0x5154_4d31, description: 'Says what device this is' },
  CONTROL: {
    offset: 0x04,
    access: 'rw',
    bits: 2,
    description: 'Bit 0: heater on; bit 1: alarm interrupts',
    changed: (device) => device.controlChanged(),
  },
  TEMPERATURE: {
    offset: 0x08,
    access: 'ro',
    description: 'Millidegrees Celsius',
    read: (device) => device.temperature,
  },
  LIMIT: {
    offset: 0x0c,
    access: 'rw',
    bits: 20,
    reset: 100_000,
    description: 'The alarm is raised at this temperature, in millidegrees Celsius',
    changed: (device) => device.limitChanged(),
  },
  STATUS: {
    offset: 0x10,
    access: 'rw',
    bits: 1,
    description: 'Bit 0: alarm; write 1 to clear it',
    write: (device, value) => device.clearStatus(value),
  },
};
