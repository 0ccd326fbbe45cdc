import { HOST_DEVICE_REGISTRY } from '@qvm/core/services';
import { requireObject, requireVersion, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceBus, HostDeviceClaim, OpenHostDevice } from '@qvm/core/services';
import type {
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MemoryWindow,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { ConfinedDma } from './confined-dma.js';

const STATE_VERSION = 2;

/** Configuration of the device. */
export interface PassthroughOptions {
  readonly paddr: number;
  readonly size: number;
  /** Whether it has an interrupt. */
  readonly interrupt: boolean;
}

/** A host device in a VM, at the address that it has on the host. */
export class Passthrough implements Vdev {
  readonly #context: VdevContext;
  readonly #window: MemoryWindow;
  readonly #line: InterruptLine | undefined;
  readonly #dma: ConfinedDma;
  readonly #claim: HostDeviceClaim;
  readonly #device: OpenHostDevice;

  /**
   * @throws QvmError errors of {@link HostDeviceRegistry.claim}, and `vdev.attachment-missing` when the host has no
   * devices.
   */
  constructor(context: VdevContext, { paddr, size, interrupt }: PassthroughOptions) {
    this.#context = context;
    this.#window = context.window('device');
    this.#line = interrupt ? context.interrupt('device') : undefined;
    this.#dma = new ConfinedDma(context.memory, context.logger);
    const owner = { vm: context.vm, vdev: context.name };
    this.#claim = context.attachment(HOST_DEVICE_REGISTRY).claim(paddr, size, owner);
    try {
      this.#device = this.#claim.device.open(this.#bus());
    } catch (error) {
      this.#claim.release();
      throw error;
    }
    try {
      this.#map(this.#device);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  reset(): void {
    this.#device.reset();
    this.#line?.set(false);
  }

  /** If a device does not support saving, its state is null, and restoring it is a reset. */
  save(): VdevState {
    const state = { device: this.#claim.device.name, state: this.#device.state?.save() ?? null };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const { device, state } = requireObject(snapshot.state, ['device', 'state'], 'passthrough state');
    const { name } = this.#claim.device;
    if (device !== name) throw new VdevStateError(`the saved state is of another device than ${name}`);
    if (this.#device.state !== undefined) this.#device.state.restore(state as Json);
    else if (state === null) this.reset();
    else throw new VdevStateError(`${name} has no state that could be restored`);
  }

  status(): Readonly<Record<string, Json>> {
    const { name, description } = this.#claim.device;
    return { device: name, description, dma: this.#dma.status, state: this.#device.status() };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const { base, size } = this.#window;
    const interrupts = this.#line && { interrupts: { cells: context.interruptCells(this.#line.number, 'level') } };
    return [
      {
        name: `device@${base.toString(16)}`,
        properties: {
          compatible: [`qvm,${this.#claim.device.name}`, 'generic-uio'],
          reg: { cells: context.reg(base, size) },
          ...interrupts,
        },
      },
    ];
  }

  dispose(): void {
    this.#window.clear();
    this.#device.close();
    this.#line?.set(false);
    this.#claim.release();
  }

  #bus(): DeviceBus {
    const { clock, logger } = this.#context;
    return { dma: this.#dma, interrupt: this.#line ?? NO_INTERRUPT, clock, logger };
  }

  #map(device: OpenHostDevice): void {
    for (const region of device.regions) {
      if (region.kind === 'registers') this.#window.mapRegisters(region.offset, region.size, region.handler);
      else this.#window.map(region.offset, region.slice, { bytes: region.size });
    }
  }
}

/** An interrupt output that is not connected. */
const NO_INTERRUPT: DeviceBus['interrupt'] = { level: false, set: () => undefined, pulse: () => undefined };
