import { DELIVERY_SHIFT, DeliveryMode, LEVEL } from '../message.js';

/** The entries of the local vector table (SDM 3A, 10.5.1), in the order of their registers. There is none for CMCI. */
export enum LvtEntry {
  Timer = 0,
  Thermal = 1,
  Performance = 2,
  Lint0 = 3,
  Lint1 = 4,
  Error = 5,
}

/** An interrupt input of the local APIC. */
export type LintPin = 0 | 1;

export const LVT_ENTRIES = 6;
export const LVT_MASKED = 1 << 16;
/** Position of the timer's mode, and the bit of it that TSC-deadline mode needs. */
export const LVT_TIMER_MODE_SHIFT = 17;
export const LVT_TSC_DEADLINE = 1 << 18;
/** Set while a level-triggered interrupt of LINT0 is accepted and not ended. Read-only, as bit 12 is, which reads as 0. */
const REMOTE_IRR = 1 << 14;

/** Writable bits of each entry: vector, mask; timer mode; delivery mode; polarity and trigger of the pins. */
const WRITABLE = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff] as const;
/** Bits that software cannot write but may write back: delivery status, remote IRR. */
const READ_ONLY = [0x1000, 0x1000, 0x1000, 0x5000, 0x5000, 0x1000] as const;

/** The values of the local vector table, and the levels of the two pins. */
export class LocalVectorTable {
  readonly #values = new Uint32Array(LVT_ENTRIES);
  readonly #pins: [boolean, boolean] = [false, false];
  /** Forces the mask bits to 1: the APIC is disabled by software (SDM 3A, 10.4.7.2). */
  #disabled = true;

  constructor() {
    this.reset();
  }

  read(entry: LvtEntry): number {
    return this.#values[entry] ?? 0;
  }

  write(entry: LvtEntry, value: number): void {
    const remoteIrr = this.read(entry) & REMOTE_IRR;
    const mask = this.#disabled ? LVT_MASKED : 0;
    const next = (value & lvtWritable(entry)) | mask;
    this.#values[entry] = next | (isLevel(entry, next) ? remoteIrr : 0);
  }

  set softwareEnabled(enabled: boolean) {
    this.#disabled = !enabled;
    if (!enabled) for (let entry = 0; entry < LVT_ENTRIES; entry++) this.#set(entry, LVT_MASKED);
  }

  isMasked(entry: LvtEntry): boolean {
    return (this.read(entry) & LVT_MASKED) !== 0;
  }

  mode(entry: LvtEntry): DeliveryMode {
    const selectable = entry !== LvtEntry.Timer && entry !== LvtEntry.Error;
    return selectable ? (this.read(entry) >>> DELIVERY_SHIFT) & 7 : DeliveryMode.Fixed;
  }

  pin(pin: LintPin): boolean {
    return this.#pins[pin];
  }

  setPin(pin: LintPin, level: boolean): void {
    this.#pins[pin] = level;
  }

  /** Whether a pin passes on the request of the 8259A pair. */
  get external(): boolean {
    return this.#isExternal(0) || this.#isExternal(1);
  }

  /** Whether an entry is that of a level-triggered pin. */
  isLevel(entry: LvtEntry): boolean {
    return isLevel(entry, this.read(entry));
  }

  /** Whether LINT0 asks for a level-triggered interrupt that is not accepted yet. */
  get levelDue(): boolean {
    const value = this.read(LvtEntry.Lint0);
    return this.#pins[0] && isLevel(LvtEntry.Lint0, value) && (value & (LVT_MASKED | REMOTE_IRR)) === 0;
  }

  /** The level-triggered interrupt of LINT0 was accepted. */
  acceptLevel(): void {
    this.#set(LvtEntry.Lint0, REMOTE_IRR);
  }

  /** The interrupt with this vector has ended. */
  end(vector: number): void {
    const value = this.read(LvtEntry.Lint0);
    if ((value & REMOTE_IRR) !== 0 && (value & 0xff) === vector) this.#values[LvtEntry.Lint0] = value & ~REMOTE_IRR;
  }

  /** All entries are 0 but for the mask (SDM 3A, 10.4.7.1). The levels of the pins belong to those that drive them. */
  reset(): void {
    this.#disabled = true;
    this.#values.fill(LVT_MASKED);
  }

  /** The values of all entries. */
  values(): number[] {
    return [...this.#values];
  }

  /** Takes over checked values; `softwareEnabled` must be set before. */
  load(values: readonly number[], pins: readonly boolean[]): void {
    this.#values.set(values);
    this.#pins[0] = pins[0] === true;
    this.#pins[1] = pins[1] === true;
  }

  #set(entry: LvtEntry, bits: number): void {
    this.#values[entry] = this.read(entry) | bits;
  }

  #isExternal(pin: LintPin): boolean {
    const entry = LvtEntry.Lint0 + pin;
    return this.#pins[pin] && !this.isMasked(entry) && this.mode(entry) === DeliveryMode.ExtInt;
  }
}

/** The bits of an entry that software can change. */
export function lvtWritable(entry: LvtEntry): number {
  return WRITABLE[entry];
}

/** The bits of an entry that are not reserved. */
export function lvtDefined(entry: LvtEntry): number {
  return WRITABLE[entry] | READ_ONLY[entry];
}

/** Only LINT0 can be level-triggered, and only for fixed delivery: LINT1 is always edge-triggered (SDM 3A, 10.5.1). */
function isLevel(entry: LvtEntry, value: number): boolean {
  return (
    entry === LvtEntry.Lint0 && (value & LEVEL) !== 0 && ((value >>> DELIVERY_SHIFT) & 7) === Number(DeliveryMode.Fixed)
  );
}
