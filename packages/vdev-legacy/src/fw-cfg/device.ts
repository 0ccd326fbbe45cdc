/*
 * QEMU's firmware configuration device, in its form for memory-mapped boards, from QEMU's docs/specs/fw_cfg.rst.
 *
 * Models the selector, the data register and the DMA interface. Omits the parts that the document calls obsolete:
 * writes through the data register, and items that are neither files nor the signature, the features or the directory.
 */
import { FW_CFG } from '@qvm/core/services';
import { requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { FirmwareConfiguration } from '@qvm/core/services';
import type {
  AccessWidth,
  DeviceTreeContext,
  DeviceTreeNode,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { transfer } from './dma.js';
import type { FirmwareCursor } from './dma.js';
import { FirmwareItems } from './items.js';
import type { FirmwareItem } from './items.js';

const STATE_VERSION = 1;
/** Size of the register range in bytes. */
export const FW_CFG_SIZE = 0x18;

const DATA_END = 8;
const SELECTOR = 8;
const DMA_HIGH = 16;
const DMA_LOW = 20;
/** Value that the DMA address register reads as, most significant byte first: `QEMU CFG`. */
const DMA_SIGNATURE = [0x5145_4d55, 0x2043_4647] as const;
const EXACT_LIMIT = 2 ** 21;

/** @internal */
export class FwCfg implements Vdev, MmioHandler, FirmwareCursor {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this };
  readonly #context: VdevContext;
  readonly #items = new FirmwareItems();
  #key = 0;
  #item: FirmwareItem;
  #position = 0;
  #dmaHigh = 0;
  #transfers = 0;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#item = this.#items.select(0);
    context.offer(FW_CFG, this.configuration);
  }

  /** The interface through which other vdevs add files. */
  get configuration(): FirmwareConfiguration {
    return this.#items;
  }

  get item(): FirmwareItem {
    return this.#item;
  }

  get position(): number {
    return this.#position;
  }

  select(key: number): void {
    this.#key = key;
    this.#item = this.#items.select(key);
    this.#position = 0;
  }

  advance(bytes: number): void {
    this.#position = Math.min(this.#item.bytes.length, this.#position + bytes);
  }

  read(offset: number, width: AccessWidth): number {
    if (offset < DATA_END) return this.#readData(width);
    if (offset >= DMA_HIGH && width === 4) return swap32(DMA_SIGNATURE[offset === DMA_HIGH ? 0 : 1]);
    return 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset === SELECTOR && width >= 2) this.select(swap16(value & 0xffff));
    else if (offset === DMA_HIGH && width === 4) this.#dmaHigh = swap32(value);
    else if (offset === DMA_LOW && width === 4) this.#startDma(swap32(value));
  }

  reset(): void {
    this.select(0);
    this.#dmaHigh = 0;
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: { key: this.#key, position: this.#position, dmaHigh: this.#dmaHigh } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['key', 'position', 'dmaHigh'], 'fw-cfg state');
    const key = requireUnsigned(state.key, 0xffff, 'key');
    const position = requireUnsigned(state.position, this.#items.select(key).bytes.length, 'position');
    this.#dmaHigh = requireUnsigned(state.dmaHigh, 0xffff_ffff, 'dmaHigh');
    this.select(key);
    this.#position = position;
  }

  status(): Readonly<Record<string, Json>> {
    return { files: this.#items.names, key: this.#key, position: this.#position, transfers: this.#transfers };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#context.mmioBase.registers ?? 0;
    return [
      {
        name: `fw-cfg@${base.toString(16)}`,
        properties: {
          compatible: 'qemu,fw-cfg-mmio',
          reg: { cells: context.reg(base, FW_CFG_SIZE) },
          'dma-coherent': true,
        },
      },
    ];
  }

  dispose(): void {}

  /** Returns the next bytes in the order of memory, for any width. */
  #readData(width: AccessWidth): number {
    let value = 0;
    for (let index = 0; index < width; index++) {
      value += (this.#item.bytes[this.#position] ?? 0) * 2 ** (8 * index);
      this.advance(1);
    }
    return value;
  }

  /** Writing the low half of the address starts the transfer and clears the high half. */
  #startDma(low: number): void {
    const high = this.#dmaHigh;
    this.#dmaHigh = 0;
    if (high >= EXACT_LIMIT) return;
    this.#transfers++;
    transfer(this.#context.memory, high * 2 ** 32 + low, this);
  }
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
