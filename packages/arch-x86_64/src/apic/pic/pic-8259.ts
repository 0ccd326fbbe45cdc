import { PIC_RESET } from './saved-pic.js';
import type { InitStep, PicState } from './saved-pic.js';

/** Number of inputs. */
const INPUTS = 8;
/** The input of an interrupt that was withdrawn before it was acknowledged. */
export const SPURIOUS_INPUT = 7;
const NONE = -1;

/** Initialization command word 1, at the even port (8259A datasheet). */
const ICW1 = 0x10;
const ICW1_SINGLE = 0x02;
const ICW1_NEEDS_ICW4 = 0x01;
const ICW4_AUTO_EOI = 0x02;
const ICW4_FULLY_NESTED = 0x10;

/** Operation command word 3, at the even port. */
const OCW3 = 0x08;
const OCW3_MASK_COMMAND = 0x40;
const OCW3_MASK_MODE = 0x20;
const OCW3_POLL = 0x04;
const OCW3_READ_COMMAND = 0x02;
const OCW3_READ_ISR = 0x01;

/** Operation command word 2: bits 7–5 are R, SL, EOI. */
enum Ocw2 {
  ClearAutoRotate = 0,
  Eoi = 1,
  SpecificEoi = 3,
  SetAutoRotate = 4,
  RotateEoi = 5,
  SetPriority = 6,
  RotateSpecificEoi = 7,
}

/**
 * One 8259A, in 8086 mode. An edge-triggered input remembers its rising edge until it is acknowledged. Whether an
 * input is edge- or level-triggered is selected by input (ELCR), as in PC chipsets; the LTIM bit has no effect.
 */
export class Pic8259 {
  readonly #output: (level: boolean) => void;
  /** Input of another 8259A, or -1. */
  readonly #cascade: number;
  readonly #state: PicState = { ...PIC_RESET };
  #int = false;

  /**
   * @param output - called with the level of INT when it changes.
   * @param cascade - the input that another 8259A drives.
   */
  constructor(output: (level: boolean) => void, cascade = NONE) {
    this.#output = output;
    this.#cascade = cascade;
  }

  /** Level of the output INT. */
  get int(): boolean {
    return this.#int;
  }

  get state(): Readonly<PicState> {
    return this.#state;
  }

  /** Requests: the interrupt request register. */
  get requests(): number {
    const { latch, lines, level } = this.#state;
    return (latch & ~level) | (lines & level);
  }

  /** Edge and level control: a bit that is 1 makes its input level-triggered. */
  set level(value: number) {
    this.#state.level = value;
    this.#update();
  }

  /** Drives an input, 0 to 7. */
  setLine(input: number, level: boolean): void {
    const bit = 1 << input;
    const { lines } = this.#state;
    if (level && (lines & bit) === 0) this.#state.latch |= bit;
    this.#state.lines = level ? lines | bit : lines & ~bit;
    this.#update();
  }

  /** INTA: takes the request of the highest priority and returns its input; -1 when there is none. */
  acknowledge(): number {
    const input = this.#due;
    if (input === NONE) return NONE;
    const state = this.#state;
    state.latch &= ~(1 << input);
    if (!state.autoEoi) state.isr |= 1 << input;
    else if (state.autoRotate) state.lowest = input;
    // INT falls with the acknowledgement, also if there is another request: a cascaded input sees a new edge.
    this.#setInt(false);
    this.#update();
    return input;
  }

  /** The state of an input in a few words. */
  describeInput(input: number): string {
    const { mask, isr } = this.#state;
    const bit = 1 << input;
    if ((mask & bit) !== 0) return '8259A masked';
    const states = [...(this.requests & bit ? [', pending'] : []), ...(isr & bit ? [', in service'] : [])];
    return `8259A vector 0x${this.vector(input).toString(16)}${states.join('')}`;
  }

  /** The vector of an input. */
  vector(input: number): number {
    return this.#state.base | input;
  }

  /** Port 0: IRR or ISR, or the answer to a poll. Port 1: the mask. */
  read(port: number): number {
    const state = this.#state;
    if (state.poll) return this.#poll();
    if (port === 1) return state.mask;
    return state.readIsr ? state.isr : this.requests;
  }

  write(port: number, value: number): void {
    if (port === 1) this.#writeOdd(value);
    else if ((value & ICW1) !== 0) this.#initialize(value);
    else if ((value & OCW3) !== 0) this.#control(value);
    else this.#endOfInterrupt(value >>> 5, value & 7);
    this.#update();
  }

  /** Power-on state. The datasheet leaves it open; here all inputs are masked. The lines belong to their devices. */
  reset(): void {
    const { lines } = this.#state;
    Object.assign(this.#state, PIC_RESET, { lines });
    this.#update();
  }

  /** Takes over a checked state. The output has its level at once, and is not called. */
  load(state: Readonly<PicState>): void {
    Object.assign(this.#state, state);
    this.#int = this.#due !== NONE;
  }

  #poll(): number {
    this.#state.poll = false;
    const input = this.acknowledge();
    return input === NONE ? 0 : 0x80 | input;
  }

  #writeOdd(value: number): void {
    const state = this.#state;
    switch (state.step) {
      case 0:
        state.mask = value;
        break;
      case 2:
        state.base = value & 0xf8;
        state.step = state.single ? this.#lastStep : 3;
        break;
      case 3:
        // The wiring of the cascade is fixed.
        state.step = this.#lastStep;
        break;
      case 4:
        state.autoEoi = (value & ICW4_AUTO_EOI) !== 0;
        state.fullyNested = (value & ICW4_FULLY_NESTED) !== 0;
        state.step = 0;
    }
  }

  get #lastStep(): InitStep {
    return this.#state.needsIcw4 ? 4 : 0;
  }

  /** ICW1: an input must rise again to make a request, the mask is clear, input 7 has the lowest priority. */
  #initialize(value: number): void {
    const { lines, level } = this.#state;
    Object.assign(this.#state, PIC_RESET, { lines, level, mask: 0, step: 2 });
    this.#state.single = (value & ICW1_SINGLE) !== 0;
    this.#state.needsIcw4 = (value & ICW1_NEEDS_ICW4) !== 0;
  }

  #control(value: number): void {
    const state = this.#state;
    state.poll = (value & OCW3_POLL) !== 0;
    if ((value & OCW3_READ_COMMAND) !== 0) state.readIsr = (value & OCW3_READ_ISR) !== 0;
    if ((value & OCW3_MASK_COMMAND) !== 0) state.specialMask = (value & OCW3_MASK_MODE) !== 0;
  }

  #endOfInterrupt(command: number, input: number): void {
    const state = this.#state;
    switch (command) {
      case Ocw2.ClearAutoRotate:
      case Ocw2.SetAutoRotate:
        state.autoRotate = command === Number(Ocw2.SetAutoRotate);
        break;
      case Ocw2.Eoi:
      case Ocw2.RotateEoi:
        this.#end(this.#highest(this.#blocking), command === Number(Ocw2.RotateEoi));
        break;
      case Ocw2.SpecificEoi:
      case Ocw2.RotateSpecificEoi:
        this.#end(input, command === Number(Ocw2.RotateSpecificEoi));
        break;
      case Ocw2.SetPriority:
        state.lowest = input;
    }
  }

  #end(input: number, rotate: boolean): void {
    if (input === NONE) return;
    this.#state.isr &= ~(1 << input);
    if (rotate) this.#state.lowest = input;
  }

  /** Inputs in service that count: in special mask mode, those that are not masked. */
  get #blocking(): number {
    const { isr, mask, specialMask } = this.#state;
    return specialMask ? isr & ~mask : isr;
  }

  /** The input to be acknowledged, or -1. */
  get #due(): number {
    const input = this.#highest(this.requests & ~this.#state.mask);
    if (input === NONE) return NONE;
    const serviced = this.#highest(this.#blocking);
    const rank = serviced === NONE ? INPUTS : this.#rank(serviced);
    if (this.#rank(input) < rank) return input;
    // Special fully nested mode: the other 8259A may have a request above the one in service.
    return this.#state.fullyNested && input === serviced && input === this.#cascade ? input : NONE;
  }

  /** The input of a set with the highest priority, or -1. */
  #highest(inputs: number): number {
    for (let rank = 0; rank < INPUTS; rank++) {
      const input = (this.#state.lowest + 1 + rank) & 7;
      if (((inputs >>> input) & 1) !== 0) return input;
    }
    return NONE;
  }

  /** Place in the order of priorities, 0 the highest. */
  #rank(input: number): number {
    return (input - this.#state.lowest - 1) & 7;
  }

  #update(): void {
    this.#setInt(this.#due !== NONE);
  }

  #setInt(level: boolean): void {
    if (level === this.#int) return;
    this.#int = level;
    this.#output(level);
  }
}
