/*
 * VirtIO over MMIO (VirtIO 1.2, section 4.2): version 2, and version 1 for legacy drivers (section 4.2.4). Omits
 * shared memory regions, and resets of single queues (RING_RESET). Leaves out shared memory regions, and resetting
 * single queues (RING_RESET).
 */
import { RegisterBlock, requireObject, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
  AccessWidth,
  AcpiContext,
  AcpiPart,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { VirtioTransport, type TransportedDevice } from '../transport/virtio-transport.js';
import type { CommonRegisters, DeviceIdentity } from './common-registers.js';
import { LegacyRegisters, legacyRegisters } from './legacy-registers.js';
import { MmioRegisters, mmioRegisters } from './registers.js';

/** Offset of the configuration space, after the control registers, and size of the whole range. */
const CONFIG = 0x100;
export const MMIO_SIZE = 0x200;
const STATE_VERSION = 2;
/** Identifier of registers of VirtIO in the namespace of ACPI (Linux, drivers/virtio/virtio_mmio.c). */
const ACPI_ID = 'LNRO0005';

/** The registers of one version: their state, and the handler for accesses. */
interface RegisterFile {
  readonly state: CommonRegisters;
  readonly block: MmioHandler;
}

/** A VirtIO device with the registers of the MMIO transport. */
export class VirtioMmio implements Vdev, MmioHandler {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this };
  readonly #transport: VirtioTransport;
  readonly #registers: RegisterFile;
  readonly #line: InterruptLine;

  /** @param vendorId - value of the register VendorID. */
  constructor(context: VdevContext, device: TransportedDevice, vendorId: number) {
    this.#line = context.interrupt('virtio');
    const bus = {
      memoryAccess: true,
      setInterrupt: (level: boolean) => this.#line.set(level),
      sendMessage: () => false,
    };
    this.#transport = new VirtioTransport(context, bus, device);
    this.#registers = registerFile(this.#transport, { deviceId: device.type.deviceId, vendorId });
  }

  /** Section 4.2.2.2: control registers are accessed as whole words; other accesses have no effect. */
  read(offset: number, width: AccessWidth): number {
    if (offset >= CONFIG) return this.#transport.readConfig(offset - CONFIG, width);
    return width === 4 && offset % 4 === 0 ? this.#registers.block.read(offset, width) : 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset >= CONFIG) this.#transport.writeConfig(offset - CONFIG, width, value);
    else if (width === 4 && offset % 4 === 0) this.#registers.block.write(offset, width, value);
  }

  reset(): void {
    this.#transport.reset();
    this.#registers.state.reset();
  }

  quiesce(): Promise<void> {
    return this.#transport.quiesce();
  }

  save(): VdevState {
    const transport = this.#transport.save();
    return { version: STATE_VERSION, state: { registers: this.#registers.state.save(), transport } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'transport'], 'virtio-mmio state');
    const load = this.#registers.state.decode(state.registers);
    this.#transport.restore(state.transport);
    load();
  }

  status(): Readonly<Record<string, Json>> {
    return this.#transport.report();
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#transport.vdev.mmioBase['registers'] ?? 0;
    const properties = {
      compatible: 'virtio,mmio',
      reg: { cells: context.reg(base, MMIO_SIZE) },
      interrupts: { cells: context.interruptCells(this.#line.number, 'level') },
      'dma-coherent': true,
    } as const;
    return [{ name: `virtio_mmio@${base.toString(16)}`, properties }];
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    const base = this.#transport.vdev.mmioBase['registers'] ?? 0;
    const resources = [
      { kind: 'memory', base, size: MMIO_SIZE } as const,
      context.interrupt(this.#line.number, 'level'),
    ];
    const values = { _HID: ACPI_ID, _UID: context.uid(ACPI_ID), _CRS: { resources } };
    return [{ kind: 'device', device: { name: context.deviceName('VIO'), values } }];
  }

  dispose(): void | Promise<void> {
    return this.#transport.dispose();
  }
}

function registerFile(transport: VirtioTransport, identity: DeviceIdentity): RegisterFile {
  if (transport.legacy) {
    const state = new LegacyRegisters(transport, identity);
    return { state, block: new RegisterBlock(legacyRegisters, state, CONFIG) };
  }
  const state = new MmioRegisters(transport, identity);
  return { state, block: new RegisterBlock(mmioRegisters, state, CONFIG) };
}
