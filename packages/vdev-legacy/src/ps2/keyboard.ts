/*
 * A PS/2 keyboard with 104 keys and scan code set 2, according to the IBM PS/2 Hardware Interface Technical Reference
 * (1990), "Keyboard". Omits scan code sets 1 and 3, and does not repeat keys: guests or the host's keyboard repeat
 * held keys.
 */
import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { OutputQueue } from './output-queue.js';
import { ACKNOWLEDGE, NO_COMMAND, RESEND, SELF_TEST_PASSED } from './ps2-device.js';
import type { Ps2Device } from './ps2-device.js';
import { scanCode } from './scan-codes.js';
import { keyStroke } from './us-layout.js';
import type { KeyStroke } from './us-layout.js';

const SET_LEDS = 0xed;
const ECHO = 0xee;
const SELECT_SCAN_CODES = 0xf0;
const READ_ID = 0xf2;
const SET_TYPEMATIC = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const RESEND_LAST = 0xfe;
const RESET = 0xff;

const KEYBOARD_ID = [0xab, 0x83];
const SCAN_CODE_SET = 2;
/** 10.9 characters a second after 500 ms. */
const DEFAULT_TYPEMATIC = 0x2b;
const SHIFT = 'ShiftLeft';
/** A key stroke with shift has four events. */
const EVENTS_OF_A_STROKE = 4;
const MEMBERS = ['output', 'argumentOf', 'scanning', 'leds', 'typematic', 'last'];

/** @internal */
export class Ps2Keyboard implements Ps2Device {
  readonly output = new OutputQueue();
  /** The command that waits for its argument. */
  #argumentOf = NO_COMMAND;
  #scanning = true;
  #leds = 0;
  #typematic = DEFAULT_TYPEMATIC;
  /** The last answer, for RESEND. */
  #last = ACKNOWLEDGE;

  /** Types a text; returns the rest: characters without a key, or everything after the queue was full. */
  type(text: string): string {
    const left: string[] = [];
    for (const character of text) {
      const stroke = keyStroke(character);
      if (stroke === undefined || !this.#scanning || !this.output.hasRoom(EVENTS_OF_A_STROKE)) left.push(character);
      else this.#strike(stroke);
    }
    return left.join('');
  }

  /** Presses or releases a key; returns whether it exists. A disabled keyboard sends nothing. */
  key(code: string, pressed: boolean): boolean {
    const event = scanCode(code, pressed);
    if (event === undefined) return false;
    if (this.#scanning && event.length !== 0 && this.output.hasRoom(1)) this.output.emit(event);
    return true;
  }

  receive(byte: number): void {
    const command = this.#argumentOf;
    this.#argumentOf = NO_COMMAND;
    // An argument has bit 7 clear; any other byte is a new command.
    if (command !== NO_COMMAND && byte < 0x80) this.#argument(command, byte);
    else this.#command(byte);
  }

  powerOn(): void {
    this.output.clear();
    this.#setDefaults();
    this.#argumentOf = NO_COMMAND;
    this.#last = ACKNOWLEDGE;
    this.#leds = 0;
    this.#scanning = true;
  }

  save(): Readonly<Record<string, Json>> {
    return {
      output: this.output.toArray(),
      argumentOf: this.#argumentOf,
      scanning: this.#scanning,
      leds: this.#leds,
      typematic: this.#typematic,
      last: this.#last,
    };
  }

  decode(saved: unknown): () => void {
    const state = requireObject(saved, MEMBERS, 'keyboard');
    const output = this.output.decode(state.output);
    const argumentOf = requireUnsigned(state.argumentOf, 0xff, 'argumentOf');
    const scanning = requireBoolean(state.scanning, 'scanning');
    const leds = requireUnsigned(state.leds, 7, 'leds');
    const typematic = requireUnsigned(state.typematic, 0x7f, 'typematic');
    const last = requireUnsigned(state.last, 0xff, 'last');
    return () => {
      this.#argumentOf = argumentOf;
      this.#scanning = scanning;
      this.#leds = leds;
      this.#typematic = typematic;
      this.#last = last;
      this.output.load(output);
    };
  }

  status(): Readonly<Record<string, Json>> {
    const leds = ['scroll', 'num', 'caps'].filter((_, bit) => (this.#leds & (1 << bit)) !== 0);
    return { scanning: this.#scanning, leds, waiting: this.output.waiting };
  }

  #strike({ code, shift }: KeyStroke): void {
    if (shift) this.key(SHIFT, true);
    this.key(code, true);
    this.key(code, false);
    if (shift) this.key(SHIFT, false);
  }

  #command(command: number): void {
    switch (command) {
      case SET_LEDS:
      case SELECT_SCAN_CODES:
      case SET_TYPEMATIC:
        this.#argumentOf = command;
        return this.#answer(ACKNOWLEDGE);
      case ECHO:
        return this.#answer(ECHO);
      case READ_ID:
        return this.#answer(ACKNOWLEDGE, ...KEYBOARD_ID);
      case ENABLE:
        return this.#enable(true);
      case DISABLE:
        this.#setDefaults();
        return this.#enable(false);
      case SET_DEFAULT:
        this.#setDefaults();
        return this.#answer(ACKNOWLEDGE);
      case RESEND_LAST:
        return this.output.respond(this.#last);
      case RESET:
        this.powerOn();
        return this.#answer(ACKNOWLEDGE, SELF_TEST_PASSED);
      default:
        return this.#answer(RESEND);
    }
  }

  #argument(command: number, value: number): void {
    if (command === SET_LEDS) this.#leds = value & 7;
    else if (command === SET_TYPEMATIC) this.#typematic = value;
    else if (value === 0) return this.#answer(ACKNOWLEDGE, SCAN_CODE_SET);
    else if (value !== SCAN_CODE_SET) return this.#answer(RESEND);
    this.#answer(ACKNOWLEDGE);
  }

  #enable(scanning: boolean): void {
    this.#scanning = scanning;
    this.output.dropEvents();
    this.#answer(ACKNOWLEDGE);
  }

  #setDefaults(): void {
    this.#typematic = DEFAULT_TYPEMATIC;
  }

  #answer(...bytes: readonly number[]): void {
    this.#last = bytes.at(-1) ?? ACKNOWLEDGE;
    this.output.respond(...bytes);
  }
}
