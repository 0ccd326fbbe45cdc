/*
 * VirtIO over MMIO, version 2 (VirtIO 1.2, section 4.2).
 *
 * Leaves out the legacy interface, shared memory regions, and resetting single queues (RING_RESET).
 */
import { RegisterBlock, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
  AccessWidth,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevOptions,
  VdevState,
} from '@qvm/core/vdev';
import type { VirtioDeviceType } from '../device/virtio-device.js';
import type { AreaRegister } from '../queue/device-virtqueue.js';
import { VirtioTransport } from '../transport/virtio-transport.js';
import { mmioRegisters } from './registers.js';
import type { MmioOperations, MmioRegisterName } from './registers.js';

/** Bytes of the control registers, and of all with the configuration space. */
const CONFIG = 0x100;
export const MMIO_SIZE = 0x200;
const STATE_VERSION = 1;
const SELECTORS = ['deviceFeatures', 'driverFeatures', 'queue'] as const;

/** A VirtIO device with the registers of the MMIO transport. */
export class VirtioMmio implements Vdev, MmioHandler, MmioOperations {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this };
  readonly deviceId: number;
  readonly #transport: VirtioTransport;
  readonly #registers: RegisterBlock<MmioOperations, MmioRegisterName>;
  readonly #line: InterruptLine;
  readonly #selected = { deviceFeatures: 0, driverFeatures: 0, queue: 0 };

  /** @param packed - offers packed rings. */
  constructor(context: VdevContext, type: VirtioDeviceType, options: VdevOptions, packed: boolean) {
    this.deviceId = type.deviceId;
    this.#line = context.interrupt('virtio');
    this.#transport = new VirtioTransport(context, this.#line, { type, options, packed });
    this.#registers = new RegisterBlock<MmioOperations, MmioRegisterName>(mmioRegisters, this, CONFIG);
  }

  /** Section 4.2.2.2: control registers are accessed by whole words; other accesses have no effect. */
  read(offset: number, width: AccessWidth): number {
    if (offset >= CONFIG) return this.#transport.readConfig(offset - CONFIG, width);
    return width === 4 && offset % 4 === 0 ? this.#registers.read(offset, width) : 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset >= CONFIG) this.#transport.writeConfig(offset - CONFIG, width, value);
    else if (width === 4 && offset % 4 === 0) this.#registers.write(offset, width, value);
  }

  reset(): void {
    this.#transport.reset();
    Object.assign(this.#selected, { deviceFeatures: 0, driverFeatures: 0, queue: 0 });
  }

  quiesce(): Promise<void> {
    return this.#transport.quiesce();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: { selected: { ...this.#selected }, transport: this.#transport.save() } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['selected', 'transport'], 'virtio-mmio state');
    const saved = requireObject(state.selected, SELECTORS, 'selected');
    const selected = SELECTORS.map((name) => [name, requireUnsigned(saved[name], 0xffff_ffff, name)]);
    this.#transport.restore(state.transport);
    Object.assign(this.#selected, Object.fromEntries(selected));
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

  dispose(): void | Promise<void> {
    return this.#transport.dispose();
  }

  get deviceFeatures(): number {
    const word = this.#selected.deviceFeatures;
    return word < 2 ? Number(BigInt.asUintN(32, this.#transport.offered >> BigInt(32 * word))) : 0;
  }

  get queueSizeLimit(): number {
    return this.#transport.queues[this.#selected.queue]?.maxSize ?? 0;
  }

  get queueReady(): number {
    return this.#transport.queues[this.#selected.queue]?.enabled === true ? 1 : 0;
  }

  set queueReady(value: number) {
    this.#transport.enableQueue(this.#selected.queue, (value & 1) !== 0);
  }

  get interruptStatus(): number {
    return this.#transport.interruptStatus;
  }

  get driverStatus(): number {
    return this.#transport.status;
  }

  get configGeneration(): number {
    return this.#transport.generation;
  }

  selectDeviceFeatures(word: number): void {
    this.#selected.deviceFeatures = word;
  }

  selectDriverFeatures(word: number): void {
    this.#selected.driverFeatures = word;
  }

  writeDriverFeatures(value: number): void {
    this.#transport.acceptFeatures(this.#selected.driverFeatures, value);
  }

  selectQueue(index: number): void {
    this.#selected.queue = index;
  }

  writeQueueSize(size: number): void {
    this.#transport.queues[this.#selected.queue]?.setSize(size);
  }

  writeQueueArea(register: AreaRegister, value: number): void {
    this.#transport.queues[this.#selected.queue]?.setArea(register, value);
  }

  notifyQueue(index: number): void {
    this.#transport.kick(index);
  }

  acknowledgeInterrupt(causes: number): void {
    this.#transport.acknowledge(causes);
  }

  writeStatus(value: number): void {
    this.#transport.writeStatus(value);
  }
}
