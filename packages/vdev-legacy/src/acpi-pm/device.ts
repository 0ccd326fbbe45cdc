/*
 * The fixed hardware of ACPI power management (ACPI Specification 6.5, section 4.8), with the registers where Intel's
 * ICH9 has them: PM1 events and control, the power-management timer, general-purpose events, and the SMI command port.
 */
import { MACHINE_POWER } from '@qvm/core/services';
import { BytePorts, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import { CONFIG_PORT_REMAINDER, PCI_BUS } from '@qvm/pci';
import type { Json } from '@qvm/core';
import type { MachinePower, PowerButton } from '@qvm/core/services';
import type {
  AccessWidth,
  ByteDevice,
  AcpiPart,
  ClockTimer,
  InterruptLine,
  PortHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { RESET_CONTROL_PORT, RESET_CONTROL_RESET } from '../pc-reset/device.js';
import { RTC_INTERRUPT } from '../time/legacy-interrupt.js';
import { crystalRate } from '../time/tick-rate.js';
import { CENTURY } from '../rtc/constants.js';
import {
  ACPI_DISABLE,
  ACPI_ENABLE,
  CONTROL_BITS,
  ENABLE_BITS,
  PWRBTN,
  SCI_EN,
  SLP_EN,
  SLP_TYP,
  SLP_TYP_S5,
  SLP_TYP_SHIFT,
  STATUS_BITS,
  TMR,
} from './constants.js';
import { bytesOf, EventBlock } from './events.js';

const STATE_VERSION = 1;
/** Number of ports of the registers. */
export const ACPI_PM_SIZE = 0x30;
/** Offsets of the register blocks. */
export const PM1_CONTROL = 0x04;
export const PM_TIMER = 0x08;
export const GPE0 = 0x20;
const PM1_EVENTS_SIZE = 4;
const PM_TIMER_SIZE = 4;
const GPE0_HALF = (ACPI_PM_SIZE - GPE0) / 2;

/** 3.579545 MHz (section 4.8.3.3). */
const RATE = crystalRate(4);
const TIMER_MODULUS = 2 ** 32;
/** Ticks between two changes of the highest bit of the timer. */
const TICKS_TO_CHANGE = TIMER_MODULUS / 2;
/** PWRBTN in the second byte of the PM1 events. */
const PWRBTN_HIGH = PWRBTN >>> 8;

/** @internal */
export class AcpiPm implements Vdev, PowerButton, ByteDevice {
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #bytes = new BytePorts(this);
  readonly #context: VdevContext;
  readonly #power: MachinePower;
  readonly #sci: InterruptLine;
  readonly #timer: ClockTimer;
  readonly #events = new EventBlock(bytesOf(STATUS_BITS), bytesOf(ENABLE_BITS));
  readonly #general = new EventBlock(Array<number>(GPE0_HALF).fill(0xff), Array<number>(GPE0_HALF).fill(0xff));
  /** The machine starts in ACPI mode: there is no other firmware that would handle its events. */
  #control = SCI_EN;
  /** The SMI command port and the data port after it, as written last. */
  #command = 0;
  #commandData = 0;
  /** Changes of the timer's highest bit that have set TMR_STS. */
  #timerChanges = 0;
  #presses = 0;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#power = context.attachment(MACHINE_POWER);
    this.#sci = context.interrupt('sci');
    this.#timer = context.clock.createTimer(`${context.name} timer`, () => this.#update());
    const smi = new BytePorts({
      readByte: (port) => (port === 0 ? this.#command : this.#commandData),
      writeByte: (port, value) => this.#writeSmi(port, value),
    });
    this.ports = { registers: { read: this.#read, write: this.#write }, smi };
    this.#timerChanges = this.#changesNow;
  }

  press(): boolean {
    if ((this.#control & SCI_EN) === 0 || !this.#events.isEnabled(1, PWRBTN_HIGH)) return false;
    this.#presses++;
    this.#events.raise(1, PWRBTN_HIGH);
    this.#update();
    return true;
  }

  reset(): void {
    this.#events.reset();
    this.#general.reset();
    this.#control = SCI_EN;
    this.#command = 0;
    this.#commandData = 0;
    this.#timerChanges = this.#changesNow;
    this.#update();
  }

  save(): VdevState {
    this.#noteTimer();
    const state = {
      events: this.#events.save(),
      general: this.#general.save(),
      control: this.#control,
      command: this.#command,
      commandData: this.#commandData,
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const members = ['events', 'general', 'control', 'command', 'commandData'] as const;
    const state = requireObject(snapshot.state, members, 'acpi-pm state');
    const loadEvents = this.#events.decode(state.events, 'events');
    const loadGeneral = this.#general.decode(state.general, 'general');
    const control = requireUnsigned(state.control, CONTROL_BITS, 'control') & CONTROL_BITS;
    const command = requireUnsigned(state.command, 0xff, 'command');
    this.#commandData = requireUnsigned(state.commandData, 0xff, 'commandData');
    loadEvents();
    loadGeneral();
    this.#control = control;
    this.#command = command;
    this.#timerChanges = this.#changesNow;
    this.#update();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      acpi: (this.#control & SCI_EN) !== 0,
      buttonEnabled: this.#events.isEnabled(1, PWRBTN_HIGH),
      presses: this.#presses,
      events: this.#events.save(),
      general: this.#general.save(),
    };
  }

  acpi(): readonly AcpiPart[] {
    const base = this.#context.portBase.registers ?? 0;
    const hasClock = this.#context.optionalAttachment(RTC_INTERRUPT) !== undefined;
    return [
      {
        kind: 'power-management',
        sci: this.#sci.number,
        pm1Event: base,
        pm1Control: base + PM1_CONTROL,
        timer: base + PM_TIMER,
        gpe0: { base: base + GPE0, size: 2 * GPE0_HALF },
        ...(this.#hasResetControl ? { reset: { port: RESET_CONTROL_PORT, value: RESET_CONTROL_RESET } } : {}),
        powerOff: SLP_TYP_S5,
        powerButton: true,
        ...(hasClock ? { century: CENTURY } : {}),
      },
    ];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  readByte(offset: number): number {
    if (offset < PM1_EVENTS_SIZE) {
      this.#noteTimer();
      return this.#events.readByte(offset);
    }
    if (offset < PM_TIMER) return (this.#control >>> (8 * (offset - PM1_CONTROL))) & 0xff;
    return offset >= GPE0 ? this.#general.readByte(offset - GPE0) : 0;
  }

  writeByte(offset: number, value: number): void {
    this.#noteTimer();
    if (offset < PM1_EVENTS_SIZE) this.#events.writeByte(offset, value);
    else if (offset < PM1_CONTROL + 2) this.#writeControl(8 * (offset - PM1_CONTROL), value);
    else if (offset >= GPE0) this.#general.writeByte(offset - GPE0, value);
    this.#update();
  }

  /** The timer is read at once: its bytes belong to one moment. */
  readonly #read = (offset: number, width: AccessWidth): number => {
    if (offset < PM_TIMER || offset + width > PM_TIMER + PM_TIMER_SIZE) return this.#bytes.read(offset, width);
    const shifted = Math.floor(this.#ticks / 2 ** (8 * (offset - PM_TIMER)));
    return shifted % 2 ** (8 * width);
  };

  readonly #write = (offset: number, width: AccessWidth, value: number): void => {
    this.#bytes.write(offset, width, value);
  };

  get #ticks(): number {
    return RATE.ticksAt(this.#context.clock.now());
  }

  get #changesNow(): number {
    return Math.floor(this.#ticks / TICKS_TO_CHANGE);
  }

  /** Whether the `pc-reset` is there, and the host bridge that passes its port on. */
  get #hasResetControl(): boolean {
    const remainder = this.#context.optionalAttachment(CONFIG_PORT_REMAINDER);
    return remainder !== undefined && this.#context.optionalAttachment(PCI_BUS) !== undefined;
  }

  #writeControl(shift: number, value: number): void {
    const written = (this.#control & ~(0xff << shift)) | (value << shift);
    this.#control = written & CONTROL_BITS;
    if ((written & SLP_EN) !== 0) this.#sleep((written & SLP_TYP) >>> SLP_TYP_SHIFT);
  }

  #sleep(type: number): void {
    if (type === SLP_TYP_S5) this.#power.powerOff();
    else this.#context.logger.log('warn', `the guest wants a sleep state that there is not (SLP_TYP ${type})`);
  }

  #writeSmi(port: number, value: number): void {
    if (port !== 0) {
      this.#commandData = value;
      return;
    }
    this.#command = value;
    if (value === ACPI_ENABLE) this.#control |= SCI_EN;
    else if (value === ACPI_DISABLE) this.#control &= ~SCI_EN;
    this.#update();
  }

  /** TMR_STS is set when the highest bit of the timer changes (section 4.8.3.1). */
  #noteTimer(): void {
    const changes = this.#changesNow;
    if (changes !== this.#timerChanges) this.#events.raise(0, TMR);
    this.#timerChanges = changes;
  }

  #update(): void {
    this.#noteTimer();
    const acpi = (this.#control & SCI_EN) !== 0;
    this.#sci.set(acpi && (this.#events.pending || this.#general.pending));
    if (acpi && this.#events.isEnabled(0, TMR)) {
      this.#timer.arm(RATE.timeOf((this.#timerChanges + 1) * TICKS_TO_CHANGE));
    } else {
      this.#timer.cancel();
    }
  }
}
