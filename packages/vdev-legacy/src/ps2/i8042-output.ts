import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { InterruptLine } from '@qvm/core/vdev';
import {
  COMMAND_KEYBOARD_INTERRUPT,
  COMMAND_KEYBOARD_OFF,
  COMMAND_MOUSE_INTERRUPT,
  COMMAND_MOUSE_OFF,
  COMMAND_TRANSLATE,
} from './i8042-commands.js';
import type { Ps2Inputs } from './inputs.js';
import { OutputPlace } from './output-place.js';
import { ScanCodeTranslation } from './scan-code-translation.js';

/** The circuit around the output of an i8042. */
interface OutputWiring {
  readonly inputs: Ps2Inputs;
  readonly keyboardInterrupt: InterruptLine;
  readonly mouseInterrupt: InterruptLine;
  /** The command byte now. */
  readonly commandByte: () => number;
}

/**
 * The output buffer of an i8042: what fills it, and the interrupts that follow from it.
 *
 * @internal
 */
export class I8042Output {
  readonly #wiring: OutputWiring;
  readonly #translation = new ScanCodeTranslation();
  readonly #buffer = new OutputPlace();
  /** An answer of the controller itself, which waits for the buffer. */
  readonly #answer = new OutputPlace();
  /** The byte that was read last, which a read of an empty buffer gives again. */
  #last = 0;
  #busy = false;

  constructor(wiring: OutputWiring) {
    this.#wiring = wiring;
    const { keyboard, mouse } = wiring.inputs;
    keyboard.output.onChange(() => this.update());
    mouse.output.onChange(() => this.update());
  }

  get isFull(): boolean {
    return this.#buffer.isFull;
  }

  /** Whether the byte in the buffer comes from the mouse. */
  get fromMouse(): boolean {
    return this.#buffer.fromMouse;
  }

  /** Answers for the controller, or as from the mouse; replaces an answer that nobody has read. `update` must follow. */
  answer(byte: number, fromMouse = false): void {
    this.#answer.put(byte, fromMouse);
  }

  /** Reads the buffer, which is then filled again. */
  read(): number {
    if (this.#buffer.isFull) {
      this.#last = this.#buffer.byte;
      this.#buffer.clear();
      // The lines fall before the next byte raises them.
      this.#setLines();
      this.update();
    }
    return this.#last;
  }

  /** Fills the buffer and sets the lines, after something has changed. */
  update(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#fill();
    this.#busy = false;
    this.#setLines();
  }

  /** Empties everything. `update` must follow. */
  reset(): void {
    this.#buffer.clear();
    this.#answer.clear();
    this.#translation.released = false;
    this.#last = 0;
  }

  save(): Json {
    return {
      buffer: this.#buffer.save(),
      answer: this.#answer.save(),
      released: this.#translation.released,
      last: this.#last,
    };
  }

  /**
   * Validates a saved state with those of the devices, and changes nothing.
   *
   * @returns a function that takes them over; `update` must follow.
   * @throws VdevStateError
   */
  decode(saved: unknown, keyboard: unknown, mouse: unknown): () => void {
    const state = requireObject(saved, ['buffer', 'answer', 'released', 'last'], 'output');
    const released = requireBoolean(state.released, 'released');
    const last = requireUnsigned(state.last, 0xff, 'last');
    const { inputs } = this.#wiring;
    const load = [
      this.#buffer.decode(state.buffer, 'buffer'),
      this.#answer.decode(state.answer, 'answer'),
      inputs.keyboard.decode(keyboard),
      inputs.mouse.decode(mouse),
    ];
    return () => {
      // The devices announce changes, which are not to fill the buffer.
      this.#busy = true;
      for (const apply of load) apply();
      this.#busy = false;
      this.#translation.released = released;
      this.#last = last;
    };
  }

  /** Fills the buffer: with an answer, else from the keyboard, else from the mouse. */
  #fill(): void {
    if (this.#buffer.isFull) return;
    if (this.#answer.isFull) return this.#buffer.takeFrom(this.#answer);
    const { inputs, commandByte } = this.#wiring;
    const { keyboard, mouse } = inputs;
    if ((commandByte() & COMMAND_KEYBOARD_OFF) === 0) {
      while (!this.#buffer.isFull && keyboard.output.available !== 0) this.#putKey(keyboard.output.take());
    }
    if (this.#buffer.isFull || (commandByte() & COMMAND_MOUSE_OFF) !== 0 || mouse.output.available === 0) return;
    this.#buffer.put(mouse.output.take(), true);
  }

  #putKey(byte: number): void {
    const isTranslated = (this.#wiring.commandByte() & COMMAND_TRANSLATE) !== 0;
    const translated = isTranslated ? this.#translation.translate(byte) : byte;
    if (translated !== undefined) this.#buffer.put(translated, false);
  }

  #setLines(): void {
    const { isFull, fromMouse } = this.#buffer;
    const { keyboardInterrupt, mouseInterrupt, commandByte } = this.#wiring;
    keyboardInterrupt.set(isFull && !fromMouse && (commandByte() & COMMAND_KEYBOARD_INTERRUPT) !== 0);
    mouseInterrupt.set(isFull && fromMouse && (commandByte() & COMMAND_MOUSE_INTERRUPT) !== 0);
  }
}
