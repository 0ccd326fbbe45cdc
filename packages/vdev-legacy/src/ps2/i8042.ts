/*
 * The keyboard and mouse controller of PCs, an Intel 8042 with the program of the IBM PS/2 (IBM PS/2 Hardware Interface
 * Technical Reference, "Keyboard and auxiliary device controller"). Bytes are transferred at once, so its input buffer
 * is always empty.
 */
import { INPUT_DEVICES, MACHINE_POWER } from '@qvm/core/services';
import {
  BytePorts,
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
} from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { MachinePower } from '@qvm/core/services';
import type { AcpiContext, AcpiPart, InterruptLine, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { acpiDevice, ioResource } from '../ports/acpi-device.js';
import * as I8042Command from './i8042-commands.js';
import {
  COMMAND_KEYBOARD_INTERRUPT,
  COMMAND_KEYBOARD_OFF,
  COMMAND_MOUSE_OFF,
  COMMAND_SYSTEM,
  COMMAND_TRANSLATE,
  INPUT_UNLOCKED,
  MEMORY_ADDRESS,
  OUTPUT_A20,
  OUTPUT_KEYBOARD_INTERRUPT,
  OUTPUT_MOUSE_INTERRUPT,
  OUTPUT_NO_RESET,
  SELF_TEST_OK,
  STATUS_COMMAND,
  STATUS_MOUSE_OUTPUT,
  STATUS_OUTPUT_FULL,
  STATUS_SYSTEM,
  STATUS_UNLOCKED,
  TEST_OK,
} from './i8042-commands.js';
import { I8042Output } from './i8042-output.js';
import { Ps2Inputs } from './inputs.js';

const STATE_VERSION = 1;
const MEMORY_BYTES = 32;
/** As firmware leaves it: the keyboard works, with scan codes of set 1, and the mouse is off. */
const POWER_ON_COMMAND_BYTE = COMMAND_KEYBOARD_INTERRUPT | COMMAND_SYSTEM | COMMAND_MOUSE_OFF | COMMAND_TRANSLATE;

const MEMBERS = ['keyboard', 'mouse', 'memory', 'argumentOf', 'lastWasCommand', 'output', 'a20'] as const;

/** @internal */
export class I8042 implements Vdev {
  readonly ports: Readonly<Record<string, PortHandler>> = {
    data: new BytePorts({
      readByte: (port) => (port === 0 ? this.#output.read() : 0xff),
      writeByte: (port, value) => {
        if (port === 0) this.#writeData(value);
      },
    }),
    command: new BytePorts({
      readByte: (port) => (port === 0 ? this.#status : 0xff),
      writeByte: (port, value) => {
        if (port === 0) this.#writeCommand(value);
      },
    }),
  };
  readonly #portBase: VdevContext['portBase'];
  readonly #power: MachinePower;
  readonly #keyboardInterrupt: InterruptLine;
  readonly #mouseInterrupt: InterruptLine;
  readonly #inputs = new Ps2Inputs();
  readonly #memory = new Uint8Array(MEMORY_BYTES);
  readonly #output: I8042Output;
  /** The command that the next byte to the data port belongs to; 0: to the keyboard. */
  #argumentOf = 0;
  #lastWasCommand = false;
  /** Address line A20 is never masked; the bit is kept. */
  #a20 = true;

  constructor(context: VdevContext) {
    this.#portBase = context.portBase;
    this.#power = context.attachment(MACHINE_POWER);
    this.#keyboardInterrupt = context.interrupt('keyboard');
    this.#mouseInterrupt = context.interrupt('mouse');
    this.#memory[0] = POWER_ON_COMMAND_BYTE;
    this.#output = new I8042Output({
      inputs: this.#inputs,
      keyboardInterrupt: this.#keyboardInterrupt,
      mouseInterrupt: this.#mouseInterrupt,
      commandByte: () => this.#commandByte,
    });
    context.offer(INPUT_DEVICES, this.#inputs);
  }

  reset(): void {
    this.#output.reset();
    this.#memory.fill(0);
    this.#memory[0] = POWER_ON_COMMAND_BYTE;
    this.#argumentOf = 0;
    this.#lastWasCommand = false;
    this.#a20 = true;
    this.#inputs.keyboard.powerOn();
    this.#inputs.mouse.powerOn();
    this.#output.update();
  }

  save(): VdevState {
    const state = {
      keyboard: this.#inputs.keyboard.save(),
      mouse: this.#inputs.mouse.save(),
      memory: Array.from(this.#memory),
      argumentOf: this.#argumentOf,
      lastWasCommand: this.#lastWasCommand,
      output: this.#output.save(),
      a20: this.#a20,
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, MEMBERS, 'ps2 state');
    const memory = requireUnsignedArray(state.memory, MEMORY_BYTES, 0xff, 'memory');
    requireUnsigned(MEMORY_BYTES - memory.length, 0, 'number of missing bytes of memory');
    const argumentOf = requireUnsigned(state.argumentOf, 0xff, 'argumentOf');
    const lastWasCommand = requireBoolean(state.lastWasCommand, 'lastWasCommand');
    const a20 = requireBoolean(state.a20, 'a20');
    this.#output.decode(state.output, state.keyboard, state.mouse)();
    this.#memory.set(memory);
    this.#argumentOf = argumentOf;
    this.#lastWasCommand = lastWasCommand;
    this.#a20 = a20;
    this.#output.update();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      keyboard: this.#inputs.keyboard.status(),
      mouse: this.#inputs.mouse.status(),
      commandByte: this.#commandByte,
      outputFull: this.#output.isFull,
    };
  }

  /** The keyboard has the ports of both. */
  acpi(context: AcpiContext): readonly AcpiPart[] {
    const ports = ['data', 'command'].map((range) => ioResource(this.#portBase, range, 1));
    const keyboard = [...ports, context.interrupt(this.#keyboardInterrupt.number, 'edge')];
    const mouse = [context.interrupt(this.#mouseInterrupt.number, 'edge')];
    return [
      acpiDevice({ prefix: 'KBD', id: 'PNP0303', resources: keyboard }, context),
      acpiDevice({ prefix: 'MOU', id: 'PNP0F13', resources: mouse }, context),
    ];
  }

  dispose(): void {}

  get #commandByte(): number {
    return this.#memory[0] ?? 0;
  }

  get #status(): number {
    const system = (this.#commandByte & COMMAND_SYSTEM) === 0 ? 0 : STATUS_SYSTEM;
    const full = this.#output.isFull ? STATUS_OUTPUT_FULL : 0;
    const mouse = this.#output.fromMouse ? STATUS_MOUSE_OUTPUT : 0;
    return STATUS_UNLOCKED | system | full | mouse | (this.#lastWasCommand ? STATUS_COMMAND : 0);
  }

  get #outputPort(): number {
    const keyboard = this.#keyboardInterrupt.level ? OUTPUT_KEYBOARD_INTERRUPT : 0;
    const mouse = this.#mouseInterrupt.level ? OUTPUT_MOUSE_INTERRUPT : 0;
    return OUTPUT_NO_RESET | (this.#a20 ? OUTPUT_A20 : 0) | keyboard | mouse;
  }

  #writeData(value: number): void {
    const command = this.#argumentOf;
    this.#argumentOf = 0;
    this.#lastWasCommand = false;
    if (command === 0) {
      this.#change(COMMAND_KEYBOARD_OFF, false);
      this.#inputs.keyboard.receive(value);
    } else {
      this.#argument(command, value);
    }
    this.#output.update();
  }

  #argument(command: number, value: number): void {
    switch (command) {
      case I8042Command.WRITE_OUTPUT_PORT:
        return this.#setOutputPort(value);
      case I8042Command.WRITE_KEYBOARD_OUTPUT:
      case I8042Command.WRITE_MOUSE_OUTPUT:
        return this.#output.answer(value, command === I8042Command.WRITE_MOUSE_OUTPUT);
      case I8042Command.WRITE_MOUSE:
        this.#change(COMMAND_MOUSE_OFF, false);
        return this.#inputs.mouse.receive(value);
      default:
        this.#memory[command & MEMORY_ADDRESS] = value;
    }
  }

  #writeCommand(command: number): void {
    this.#lastWasCommand = true;
    this.#argumentOf = 0;
    if (command >= I8042Command.PULSE_LINES) this.#pulse(command);
    else if (isMemoryCommand(command, I8042Command.READ_MEMORY))
      this.#output.answer(this.#memory[command & MEMORY_ADDRESS] ?? 0);
    else if (isMemoryCommand(command, I8042Command.WRITE_MEMORY)) this.#argumentOf = command;
    else this.#perform(command);
    this.#output.update();
  }

  #perform(command: number): void {
    switch (command) {
      case I8042Command.DISABLE_MOUSE:
      case I8042Command.ENABLE_MOUSE:
        return this.#change(COMMAND_MOUSE_OFF, command === I8042Command.DISABLE_MOUSE);
      case I8042Command.DISABLE_KEYBOARD:
      case I8042Command.ENABLE_KEYBOARD:
        return this.#change(COMMAND_KEYBOARD_OFF, command === I8042Command.DISABLE_KEYBOARD);
      case I8042Command.TEST_MOUSE:
      case I8042Command.TEST_KEYBOARD:
        return this.#output.answer(TEST_OK);
      case I8042Command.SELF_TEST:
        this.#change(COMMAND_SYSTEM, true);
        return this.#output.answer(SELF_TEST_OK);
      case I8042Command.READ_INPUT_PORT:
        return this.#output.answer(INPUT_UNLOCKED);
      case I8042Command.READ_OUTPUT_PORT:
        return this.#output.answer(this.#outputPort);
      case I8042Command.WRITE_OUTPUT_PORT:
      case I8042Command.WRITE_KEYBOARD_OUTPUT:
      case I8042Command.WRITE_MOUSE_OUTPUT:
      case I8042Command.WRITE_MOUSE:
        this.#argumentOf = command;
    }
  }

  /** The only line that a pulse has an effect on is that of the reset. */
  #pulse(command: number): void {
    if ((command & OUTPUT_NO_RESET) === 0) this.#power.reset();
  }

  #setOutputPort(value: number): void {
    this.#a20 = (value & OUTPUT_A20) !== 0;
    if ((value & OUTPUT_NO_RESET) === 0) this.#power.reset();
  }

  /** Sets or clears a bit of the command byte. */
  #change(bit: number, set: boolean): void {
    this.#memory[0] = set ? this.#commandByte | bit : this.#commandByte & ~bit;
  }
}

/** Whether a command is one of 32 for the bytes of the memory. */
function isMemoryCommand(command: number, first: number): boolean {
  return (command & ~MEMORY_ADDRESS) === first;
}
