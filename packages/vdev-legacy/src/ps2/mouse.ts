/*
 * A PS/2 mouse with three buttons, according to the IBM PS/2 Hardware Interface Technical Reference (1990), "Mouse",
 * with the wheel packets of Microsoft's IntelliMouse after a driver has enabled them. Movement is sent at once, not at
 * the sample rate.
 */
import { requireBoolean, requireObject, requireUnsigned, requireUnsignedArray } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { OutputQueue } from './output-queue.js';
import { ACKNOWLEDGE, NO_COMMAND, RESEND, SELF_TEST_PASSED } from './ps2-device.js';
import type { Ps2Device } from './ps2-device.js';

const SET_SCALING_1_TO_1 = 0xe6;
const SET_SCALING_2_TO_1 = 0xe7;
const SET_RESOLUTION = 0xe8;
const STATUS_REQUEST = 0xe9;
const SET_STREAM_MODE = 0xea;
const READ_DATA = 0xeb;
const RESET_WRAP_MODE = 0xec;
const SET_WRAP_MODE = 0xee;
const SET_REMOTE_MODE = 0xf0;
const READ_ID = 0xf2;
const SET_SAMPLE_RATE = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const RESET = 0xff;

const STANDARD_ID = 0;
const WHEEL_ID = 3;
/** The sequence of three sample rates that enables the wheel. */
const WHEEL_KNOCK = [200, 100, 80];
const DEFAULT_RATE = 100;
const DEFAULT_RESOLUTION = 2;
/** A packet's counters have nine bits; -256 stands for overflow. */
const MAX_STEP = 255;
/** Largest movement that is accepted; hands do not make longer ones. */
const MAX_MOVE = 4096;
const MEMBERS = [
  ...['output', 'argumentOf', 'reporting', 'remote', 'wrap', 'scaling', 'resolution', 'rate', 'knock', 'wheel'],
  ...['buttons', 'dx', 'dy'],
];

/** @internal */
export class Ps2Mouse implements Ps2Device {
  readonly output = new OutputQueue();
  #argumentOf = NO_COMMAND;
  #reporting = false;
  #remote = false;
  #wrap = false;
  #scaling = false;
  #resolution = DEFAULT_RESOLUTION;
  #rate = DEFAULT_RATE;
  /** The last sample rates that were set, up to three. */
  #knock: readonly number[] = [];
  #wheel = false;
  #buttons = 0;
  /** Movement that has not been sent; x to the right, y upwards. */
  #dx = 0;
  #dy = 0;

  /** Moves the mouse, y downwards, and sets the buttons (bit 0 left, 1 right, 2 middle). */
  move(dx: number, dy: number, buttons: number): void {
    this.#dx = clamp(this.#dx + wholeSteps(dx), MAX_MOVE);
    this.#dy = clamp(this.#dy - wholeSteps(dy), MAX_MOVE);
    this.#buttons = buttons & 7;
    if (!this.#reporting || this.#remote || this.#wrap) {
      // Without reports only the buttons are kept, except in remote mode.
      if (!this.#remote) this.#forgetMovement();
      return;
    }
    do {
      if (!this.output.hasRoom(1)) return;
      this.output.emit(this.#packet());
    } while (this.#dx !== 0 || this.#dy !== 0);
  }

  receive(byte: number): void {
    const command = this.#argumentOf;
    this.#argumentOf = NO_COMMAND;
    if (this.#wrap && byte !== RESET && byte !== RESET_WRAP_MODE) this.output.respond(byte);
    else if (command !== NO_COMMAND) this.#argument(command, byte);
    else this.#command(byte);
  }

  powerOn(): void {
    this.output.clear();
    this.#setDefaults();
    this.#argumentOf = NO_COMMAND;
    this.#remote = false;
    this.#wrap = false;
    this.#wheel = false;
    this.#knock = [];
    this.#buttons = 0;
  }

  save(): Readonly<Record<string, Json>> {
    return {
      output: this.output.toArray(),
      argumentOf: this.#argumentOf,
      reporting: this.#reporting,
      remote: this.#remote,
      wrap: this.#wrap,
      scaling: this.#scaling,
      resolution: this.#resolution,
      rate: this.#rate,
      knock: this.#knock,
      wheel: this.#wheel,
      buttons: this.#buttons,
      dx: this.#dx + MAX_MOVE,
      dy: this.#dy + MAX_MOVE,
    };
  }

  decode(saved: unknown): () => void {
    const state = requireObject(saved, MEMBERS, 'mouse');
    const output = this.output.decode(state.output);
    const argumentOf = requireUnsigned(state.argumentOf, 0xff, 'argumentOf');
    const reporting = requireBoolean(state.reporting, 'reporting');
    const remote = requireBoolean(state.remote, 'remote');
    const wrap = requireBoolean(state.wrap, 'wrap');
    const scaling = requireBoolean(state.scaling, 'scaling');
    const resolution = requireUnsigned(state.resolution, 3, 'resolution');
    const rate = requireUnsigned(state.rate, 0xff, 'rate');
    const knock = requireUnsignedArray(state.knock, WHEEL_KNOCK.length, 0xff, 'knock');
    const wheel = requireBoolean(state.wheel, 'wheel');
    const buttons = requireUnsigned(state.buttons, 7, 'buttons');
    const dx = requireUnsigned(state.dx, 2 * MAX_MOVE, 'dx') - MAX_MOVE;
    const dy = requireUnsigned(state.dy, 2 * MAX_MOVE, 'dy') - MAX_MOVE;
    return () => {
      this.#argumentOf = argumentOf;
      this.#reporting = reporting;
      this.#remote = remote;
      this.#wrap = wrap;
      this.#scaling = scaling;
      this.#resolution = resolution;
      this.#rate = rate;
      this.#knock = knock;
      this.#wheel = wheel;
      this.#buttons = buttons;
      this.#dx = dx;
      this.#dy = dy;
      this.output.load(output);
    };
  }

  status(): Readonly<Record<string, Json>> {
    return { reporting: this.#reporting, wheel: this.#wheel, rate: this.#rate, waiting: this.output.waiting };
  }

  #command(command: number): void {
    switch (command) {
      case SET_RESOLUTION:
      case SET_SAMPLE_RATE:
        this.#argumentOf = command;
        break;
      case SET_SCALING_1_TO_1:
      case SET_SCALING_2_TO_1:
        this.#scaling = command === SET_SCALING_2_TO_1;
        break;
      case SET_STREAM_MODE:
      case SET_REMOTE_MODE:
        this.#remote = command === SET_REMOTE_MODE;
        this.#forgetMovement();
        break;
      case SET_WRAP_MODE:
      case RESET_WRAP_MODE:
        this.#wrap = command === SET_WRAP_MODE;
        break;
      case ENABLE:
      case DISABLE:
        this.#enable(command === ENABLE);
        break;
      case SET_DEFAULT:
        this.#setDefaults();
        break;
      case STATUS_REQUEST:
        return this.output.respond(ACKNOWLEDGE, this.#statusByte, this.#resolution, this.#rate);
      case READ_DATA:
        return this.output.respond(ACKNOWLEDGE, ...this.#packet());
      case READ_ID:
        return this.output.respond(ACKNOWLEDGE, this.#wheel ? WHEEL_ID : STANDARD_ID);
      case RESET:
        this.powerOn();
        return this.output.respond(ACKNOWLEDGE, SELF_TEST_PASSED, STANDARD_ID);
      default:
        return this.output.respond(RESEND);
    }
    this.output.respond(ACKNOWLEDGE);
  }

  #argument(command: number, value: number): void {
    if (command === SET_SAMPLE_RATE) {
      this.#rate = value;
      this.#knock = [...this.#knock, value].slice(-WHEEL_KNOCK.length);
      this.#wheel ||= WHEEL_KNOCK.every((rate, index) => this.#knock[index] === rate);
    } else if (value > 3) {
      this.output.respond(RESEND);
      return;
    } else {
      this.#resolution = value;
    }
    this.output.respond(ACKNOWLEDGE);
  }

  get #statusByte(): number {
    const { left, right, middle } = buttonsOf(this.#buttons);
    const mode = (Number(this.#remote) << 6) | (Number(this.#reporting) << 5) | (Number(this.#scaling) << 4);
    return mode | (left << 2) | (middle << 1) | right;
  }

  #enable(reporting: boolean): void {
    this.#reporting = reporting;
    this.output.dropEvents();
    this.#forgetMovement();
  }

  #setDefaults(): void {
    this.#enable(false);
    this.#scaling = false;
    this.#resolution = DEFAULT_RESOLUTION;
    this.#rate = DEFAULT_RATE;
  }

  #forgetMovement(): void {
    this.#dx = 0;
    this.#dy = 0;
  }

  /** The part of the movement that fits into a packet. */
  #packet(): readonly number[] {
    const dx = clamp(this.#dx, MAX_STEP);
    const dy = clamp(this.#dy, MAX_STEP);
    this.#dx -= dx;
    this.#dy -= dy;
    const signs = (Number(dy < 0) << 5) | (Number(dx < 0) << 4);
    const packet = [0x08 | signs | this.#buttons, dx & 0xff, dy & 0xff];
    return this.#wheel ? [...packet, 0] : packet;
  }
}

function buttonsOf(buttons: number): { readonly left: number; readonly right: number; readonly middle: number } {
  return { left: buttons & 1, right: (buttons >>> 1) & 1, middle: (buttons >>> 2) & 1 };
}

function wholeSteps(distance: number): number {
  return Number.isFinite(distance) ? Math.trunc(distance) : 0;
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
