/*
 * The memory of a VGA in its window of 128 KiB: four planes of 64 KiB, with the paths of the graphics controller between them and the
 * processor (IBM, VGA reference: write modes 0 to 3, read modes 0 and 1, odd/even and chain-4 addresses).
 */
import type { AccessWidth, MmioHandler } from '@qvm/core/vdev';
import type { VgaState } from './registers.js';

/** Size of the window of addresses. */
export const WINDOW_BYTES = 0x2_0000;
/** Bytes of all planes. */
export const PLANE_BYTES = 0x4_0000;

/** Start and size of the memory in the window, by the bits of the graphics controller's register 6. */
const MAPS = [
  { start: 0, size: 0x2_0000 },
  { start: 0, size: 0x1_0000 },
  { start: 0x1_0000, size: 0x8000 },
  { start: 0x1_8000, size: 0x8000 },
] as const;

const Graphics = { set: 0, enableSet: 1, compare: 2, operation: 3, readPlane: 4, mode: 5, map: 6, ignore: 7, mask: 8 };
const MODE_ODD_EVEN = 0x10;
const MODE_READ_COMPARE = 0x08;
const MEMORY_CHAIN4 = 0x08;
/** Bit of the miscellaneous output register: the processor may access the memory. */
const RAM_ENABLED = 2;

/** Bits of four planes, from one bit for each. */
const spread = (bits: number): number =>
  (((bits & 1) * 0xff) | ((bits & 2) * 0x7f80) | ((bits & 4) * 0x3f_c000) | ((bits & 8) * 0x1fe0_0000)) >>> 0;

/** The planes. Byte N of plane P is at 4 × N + P. */
export class VgaPlanes implements MmioHandler {
  readonly bytes = new Uint8Array(PLANE_BYTES);
  readonly #words = new Uint32Array(this.bytes.buffer);
  readonly #state: () => Readonly<VgaState>;
  /** The bytes of four planes that the last read took. */
  #latch = 0;

  /** @param state - the registers now. */
  constructor(state: () => Readonly<VgaState>) {
    this.#state = state;
  }

  get latch(): number {
    return this.#latch;
  }

  set latch(value: number) {
    this.#latch = value;
  }

  read(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let index = 0; index < width; index++) value += this.#readByte(offset + index) * 2 ** (8 * index);
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    for (let index = 0; index < width; index++) this.#writeByte(offset + index, (value >>> (8 * index)) & 0xff);
  }

  reset(): void {
    this.bytes.fill(0);
    this.#latch = 0;
  }

  /** Address in the memory of one in the window; −1 where the memory is not. */
  #addressOf(offset: number): number {
    const { graphics, miscellaneous } = this.#state();
    const { start, size } = MAPS[((graphics[Graphics.map] ?? 0) >> 2) & 3] ?? MAPS[0];
    const address = offset - start;
    return (miscellaneous & RAM_ENABLED) === 0 || address < 0 || address >= size ? -1 : address;
  }

  #readByte(offset: number): number {
    const address = this.#addressOf(offset);
    if (address < 0) return 0xff;
    const { sequencer, graphics } = this.#state();
    const mode = graphics[Graphics.mode] ?? 0;
    const plane = graphics[Graphics.readPlane] ?? 0;
    if (((sequencer[4] ?? 0) & MEMORY_CHAIN4) !== 0) return this.#load(address >> 2, address & 3);
    if ((mode & MODE_ODD_EVEN) !== 0) return this.#load(address >> 1, (plane & 2) | (address & 1));
    const value = this.#load(address, plane);
    if ((mode & MODE_READ_COMPARE) === 0) return value;
    const differ = (this.#latch ^ spread(graphics[Graphics.compare] ?? 0)) & spread(graphics[Graphics.ignore] ?? 0);
    return ~(differ | (differ >>> 8) | (differ >>> 16) | (differ >>> 24)) & 0xff;
  }

  /** Reads a plane, and takes all four into the latch. */
  #load(index: number, plane: number): number {
    this.#latch = this.#words[index % (PLANE_BYTES / 4)] ?? 0;
    return (this.#latch >>> (8 * plane)) & 0xff;
  }

  #writeByte(offset: number, value: number): void {
    const address = this.#addressOf(offset);
    if (address < 0) return;
    const { sequencer, graphics } = this.#state();
    const mask = sequencer[2] ?? 0;
    if (((sequencer[4] ?? 0) & MEMORY_CHAIN4) !== 0) this.#storeByte(address >> 2, address & 3, mask, value);
    else if (((graphics[Graphics.mode] ?? 0) & MODE_ODD_EVEN) !== 0) {
      const plane = ((graphics[Graphics.readPlane] ?? 0) & 2) | (address & 1);
      this.#storeByte(address >> 1, plane, mask, value);
    } else this.#storePlanes(address, mask, this.#result(value));
  }

  #storeByte(index: number, plane: number, mask: number, value: number): void {
    if ((mask & (1 << plane)) !== 0) this.bytes[(index * 4 + plane) % PLANE_BYTES] = value;
  }

  #storePlanes(index: number, mask: number, value: number): void {
    const at = index % (PLANE_BYTES / 4);
    const planes = spread(mask);
    this.#words[at] = ((this.#words[at] ?? 0) & ~planes) | (value & planes);
  }

  /** The bytes of the four planes that a write makes of one byte and the latch. */
  #result(byte: number): number {
    const { graphics } = this.#state();
    const register = (index: number): number => graphics[index] ?? 0;
    const operation = register(Graphics.operation);
    const turn = operation & 7;
    const turned = ((byte >> turn) | (byte << (8 - turn))) & 0xff;
    const set = spread(register(Graphics.set));
    const mask = register(Graphics.mask);
    switch (register(Graphics.mode) & 3) {
      case 0: {
        const enabled = spread(register(Graphics.enableSet));
        return this.#combine((repeat(turned) & ~enabled) | (set & enabled), operation, repeat(mask));
      }
      case 1:
        return this.#latch;
      case 2:
        return this.#combine(spread(byte), operation, repeat(mask));
      default:
        return this.#combine(set, operation, repeat(mask & turned));
    }
  }

  /** The logical operation with the latch, where the mask has ones; the latch elsewhere. */
  #combine(value: number, operation: number, mask: number): number {
    const latch = this.#latch;
    const results = [value, value & latch, value | latch, value ^ latch];
    return ((results[(operation >> 3) & 3] ?? 0) & mask) | (latch & ~mask);
  }
}

/** The same byte in all planes. */
const repeat = (byte: number): number => Math.imul(byte, 0x0101_0101);
