/*
 * QEMU's firmware configuration device, from QEMU's docs/specs/fw_cfg.rst: with registers in memory or, on machines that
 * have them, with I/O ports.
 *
 * Models the selector, the data register and the DMA interface. Omits the parts that the document calls obsolete:
 * writes through the data register, and items that are neither files nor the signature, the features, the numbers of
 * processors or the directory.
 */
import { FW_CFG } from '@qvm/core/services';
import { requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { FirmwareConfiguration } from '@qvm/core/services';
import type {
  AcpiContext,
  AcpiPart,
  DeviceTreeContext,
  DeviceTreeNode,
  MmioHandler,
  PortHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { transfer } from './dma.js';
import type { FirmwareCursor } from './dma.js';
import { FirmwareItems } from './items.js';
import type { FirmwareItem } from './items.js';
import { FW_CFG_PORTS, FW_CFG_SIZE, MemoryRegisters, PortRegisters, type FirmwareRegisters } from './registers.js';

const STATE_VERSION = 1;
/** Name of the range of registers or ports. */
export const REGISTERS = 'registers';
/** Identifier in the namespace of ACPI (QEMU, docs/specs/fw_cfg.rst). */
const ACPI_ID = 'QEMU0002';
const EXACT_LIMIT = 2 ** 21;

/** @internal */
export class FwCfg implements Vdev, FirmwareRegisters, FirmwareCursor {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #context: VdevContext;
  readonly #items: FirmwareItems;
  #key = 0;
  #item: FirmwareItem;
  #position = 0;
  #dmaHigh = 0;
  #transfers = 0;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#items = new FirmwareItems(context.vcpus);
    const hasPorts = context.portBase[REGISTERS] !== undefined;
    this.mmio = hasPorts ? {} : { [REGISTERS]: new MemoryRegisters(this) };
    this.ports = hasPorts ? { [REGISTERS]: new PortRegisters(this) } : {};
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

  nextByte(): number {
    const byte = this.#item.bytes[this.#position] ?? 0;
    this.advance(1);
    return byte;
  }

  setDmaHigh(word: number): void {
    this.#dmaHigh = word;
  }

  /** Writing the low half of the address starts the transfer and clears the high half. */
  startDma(low: number): void {
    const high = this.#dmaHigh;
    this.#dmaHigh = 0;
    if (high >= EXACT_LIMIT) return;
    this.#transfers++;
    transfer(this.#context.memory, high * 2 ** 32 + low, this);
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
    const base = this.#context.mmioBase[REGISTERS];
    if (base === undefined) return [];
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

  acpi(context: AcpiContext): readonly AcpiPart[] {
    const base = this.#context.portBase[REGISTERS];
    if (base === undefined) return [];
    const resources = [{ kind: 'io', base, size: FW_CFG_PORTS }] as const;
    // Present, enabled, functional, and not for users (ACPI 6.5, section 6.3.7).
    const values = { _HID: ACPI_ID, _STA: 0x0b, _CRS: { resources } };
    return [{ kind: 'device', device: { name: context.deviceName('FWC'), values } }];
  }

  dispose(): void {}
}
