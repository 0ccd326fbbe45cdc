/*
 * The registers of the display interface of Bochs (DISPI), by which software sets a mode with a linear frame buffer; from the description
 * in Bochs' and QEMU's documents (docs/specs/standard-vga.rst).
 */
import { requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';

/** Numbers of registers. */
export const Dispi = {
  id: 0,
  width: 1,
  height: 2,
  bits: 3,
  enable: 4,
  bank: 5,
  virtualWidth: 6,
  virtualHeight: 7,
  x: 8,
  y: 9,
  memory: 10,
} as const;
const REGISTERS = 11;

/** Newest version of the interface. */
const VERSION = 0xb0c5;
const ENABLED = 1;
/** The registers of width, height and bits read as the largest values. */
const CAPABILITIES = 2;
const LINEAR = 0x40;
/** The picture is not cleared when the mode is set. */
const KEEP = 0x80;
const ENABLE_BITS = ENABLED | CAPABILITIES | 0x20 | LINEAR | KEEP;
const MEMORY_UNIT = 0x1_0000;
const MAX_WIDTH = 16_000;
const MAX_HEIGHT = 12_000;
const MAX_BITS = 32;
/** Bytes of a pixel by its bits. */
const PIXEL_BYTES: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 8: 1, 15: 2, 16: 2, 24: 3, 32: 4 };

/** A mode with a linear frame buffer. */
export interface LinearMode {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** 8, 15, 16, 24 or 32. */
  readonly bits: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Of the first pixel, in the memory. */
  readonly offset: number;
}

/** The registers, and the mode that they describe. */
export class DispiRegisters {
  readonly #memory: Uint8Array;
  #values = new Uint16Array(REGISTERS);

  /** @param memory - the frame buffer's. */
  constructor(memory: Uint8Array) {
    this.#memory = memory;
    this.reset();
  }

  read(register: number): number {
    if ((this.#value(Dispi.enable) & CAPABILITIES) !== 0) {
      if (register === Dispi.width) return MAX_WIDTH;
      if (register === Dispi.height) return MAX_HEIGHT;
      if (register === Dispi.bits) return MAX_BITS;
    }
    if (register === Dispi.memory) return Math.floor(this.#memory.length / MEMORY_UNIT);
    if (register === Dispi.virtualHeight) return this.#rows();
    return this.#value(register);
  }

  write(register: number, value: number): void {
    switch (register) {
      case Dispi.id:
        if (value >= 0xb0c0 && value <= VERSION) this.#values[Dispi.id] = value;
        return;
      case Dispi.enable:
        return this.#enable(value & ENABLE_BITS);
      case Dispi.virtualHeight:
      case Dispi.memory:
        return;
      default:
        if (register < REGISTERS) this.#values[register] = value;
    }
  }

  /** The mode; `undefined` while the registers describe none, or one that the memory does not hold. */
  get mode(): LinearMode | undefined {
    if ((this.#value(Dispi.enable) & ENABLED) === 0) return undefined;
    const [width, height, bits] = [this.#value(Dispi.width), this.#value(Dispi.height), this.#value(Dispi.bits)];
    const bytes = PIXEL_BYTES[bits];
    if (bytes === undefined || width === 0 || height === 0) return undefined;
    const stride = Math.max(width, this.#value(Dispi.virtualWidth)) * bytes;
    const offset = this.#value(Dispi.y) * stride + this.#value(Dispi.x) * bytes;
    const end = offset + (height - 1) * stride + width * bytes;
    return end > this.#memory.length ? undefined : { width, height, bits, stride, offset };
  }

  reset(): void {
    this.#values = new Uint16Array(REGISTERS);
    this.#values[Dispi.id] = VERSION;
  }

  save(): Json {
    return [...this.#values];
  }

  /**
   * Checks what {@link DispiRegisters.save} gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(value: unknown): () => void {
    const values = requireUnsignedArray(value, REGISTERS, 0xffff, 'dispi');
    if (values.length !== REGISTERS) throw new VdevStateError(`dispi has ${values.length} entries, not ${REGISTERS}`);
    requireUnsigned(values[Dispi.enable], ENABLE_BITS, 'dispi enable');
    return () => {
      this.#values = Uint16Array.from(values);
    };
  }

  #value(register: number): number {
    return this.#values[register] ?? 0;
  }

  /** Setting a mode resets where the picture begins and, unless told otherwise, clears it. */
  #enable(value: number): void {
    const was = this.#value(Dispi.enable);
    this.#values[Dispi.enable] = value;
    if ((value & ENABLED) === 0 || (was & ENABLED) !== 0) return;
    this.#values[Dispi.virtualWidth] = this.#value(Dispi.width);
    this.#values[Dispi.x] = 0;
    this.#values[Dispi.y] = 0;
    if ((value & KEEP) === 0) this.#memory.fill(0);
  }

  /** Rows that the memory holds. */
  #rows(): number {
    const bytes = PIXEL_BYTES[this.#value(Dispi.bits)] ?? 1;
    const stride = this.#value(Dispi.virtualWidth) * bytes;
    return stride === 0 ? 0 : Math.min(0xffff, Math.floor(this.#memory.length / stride));
  }
}
