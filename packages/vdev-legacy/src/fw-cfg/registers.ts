import type { AccessWidth, MmioHandler, PortHandler } from '@qvm/core/vdev';

/** Effects of the registers of a firmware configuration device, in either form. */
export interface FirmwareRegisters {
  /** Chooses an item, 0 to 0xffff. */
  select(key: number): void;
  /** The next byte of the item. */
  nextByte(): number;
  /** Writes the high word of a DMA address. */
  setDmaHigh(word: number): void;
  /** Writes the low word, which starts the transfer. */
  startDma(word: number): void;
}

/** Size of the registers in memory, in bytes, and number of their I/O ports. */
export const FW_CFG_SIZE = 0x18;
export const FW_CFG_PORTS = 12;

/** Value that the DMA address register reads as, most significant byte first: `QEMU CFG`. */
const DMA_SIGNATURE = [0x5145_4d55, 0x2043_4647] as const;

/** The DMA address register, big-endian: accesses of a word; the low one starts. */
class DmaAddress implements PortHandler {
  readonly #registers: FirmwareRegisters;

  constructor(registers: FirmwareRegisters) {
    this.#registers = registers;
  }

  read(offset: number, width: AccessWidth): number {
    if (width !== 4 || offset % 4 !== 0) return 0;
    return swap32(DMA_SIGNATURE[offset === 0 ? 0 : 1]);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4) return;
    if (offset === 0) this.#registers.setDmaHigh(swap32(value));
    else if (offset === 4) this.#registers.startDma(swap32(value));
  }
}

const DATA_END = 8;
const SELECTOR = 8;
const DMA = 16;

/** Registers in memory: data of any width at 0, the selector at 8, big-endian, the DMA address at 16. */
export class MemoryRegisters implements MmioHandler {
  readonly #registers: FirmwareRegisters;
  readonly #dma: DmaAddress;

  constructor(registers: FirmwareRegisters) {
    this.#registers = registers;
    this.#dma = new DmaAddress(registers);
  }

  /** Data are in the order of memory at every width. */
  read(offset: number, width: AccessWidth): number {
    if (offset >= DMA) return this.#dma.read(offset - DMA, width);
    if (offset >= DATA_END) return 0;
    let value = 0;
    for (let index = 0; index < width; index++) value += this.#registers.nextByte() * 2 ** (8 * index);
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset === SELECTOR && width >= 2) this.#registers.select(swap16(value & 0xffff));
    else if (offset >= DMA) this.#dma.write(offset - DMA, width, value);
  }
}

const PORT_DATA = 1;
const PORT_DMA = 4;

/** I/O ports of PCs: the selector at 0, little-endian, data of one byte at 1, the DMA address at 4. */
export class PortRegisters implements PortHandler {
  readonly #registers: FirmwareRegisters;
  readonly #dma: DmaAddress;

  constructor(registers: FirmwareRegisters) {
    this.#registers = registers;
    this.#dma = new DmaAddress(registers);
  }

  read(offset: number, width: AccessWidth): number {
    if (offset >= PORT_DMA) return this.#dma.read(offset - PORT_DMA, width);
    return offset === PORT_DATA && width === 1 ? this.#registers.nextByte() : 2 ** (8 * width) - 1;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset === 0 && width === 2) this.#registers.select(value);
    else if (offset >= PORT_DMA) this.#dma.write(offset - PORT_DMA, width, value);
  }
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
