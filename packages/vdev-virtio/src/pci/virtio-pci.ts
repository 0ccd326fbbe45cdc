/*
 * VirtIO over PCI (VirtIO 1.2, section 4.1), without the legacy interface. Leaves out shared memory regions, data in
 * notifications, and resetting single queues (RING_RESET).
 */
import { requireObject, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { addPciFunction, formatPciAddress, PCI_BUS, type PciAddress, type PciFunction } from '@qvm/pci';
import { VirtioTransport, type TransportBus, type TransportedDevice } from '../transport/virtio-transport.js';
import { CommonConfiguration, NO_VECTOR } from './common-configuration.js';
import { BAR, BAR_BYTES, msixOf } from './layout.js';
import { VirtioStructures } from './structures.js';
import { virtioCapabilities } from './virtio-capabilities.js';

const STATE_VERSION = 1;
/** Section 4.1.2.1: vendor, and device ID of type 0. */
const VENDOR_ID = 0x1af4;
const FIRST_DEVICE_ID = 0x1040;
const REVISION = 1;
/** From 0x40 on, so that no driver takes it for a legacy device. */
const SUBSYSTEM_ID = 0x1100;

/** Classes of devices by type (PCI Code and ID Assignment): network card, storage, communication; others have none. */
const CLASS_CODES: Readonly<Record<number, number>> = { 1: 0x02_00_00, 2: 0x01_00_00, 3: 0x07_80_00 };
const NO_CLASS = 0x00_ff_00;

/** A VirtIO device that is a PCI function. */
export class VirtioPci implements Vdev {
  readonly #transport: VirtioTransport;
  readonly #common: CommonConfiguration;
  readonly #address: string;
  /** Absent while the device is made. */
  readonly #fn: PciFunction | undefined;

  /**
   * @param place - on the bus; absent: the first free one.
   * @throws `QvmError` as {@link addPciFunction}.
   */
  constructor(context: VdevContext, device: TransportedDevice, place: PciAddress | undefined) {
    this.#transport = new VirtioTransport(context, this.#createBus(), device);
    const msix = msixOf(this.#transport.queues.length);
    this.#common = new CommonConfiguration(this.#transport, msix.vectors);
    const handler = new VirtioStructures(this.#transport, this.#common, () => this.#fn?.msix);
    const { deviceId } = device.type;
    const spec = {
      vendorId: VENDOR_ID,
      deviceId: FIRST_DEVICE_ID + deviceId,
      revision: REVISION,
      classCode: CLASS_CODES[deviceId] ?? NO_CLASS,
      subsystemId: SUBSYSTEM_ID,
      interruptPin: 1,
      bars: [{ index: BAR, kind: 'memory32', size: BAR_BYTES, handler }],
      msix,
      capabilities: virtioCapabilities(this.#transport.configSize, handler),
      busMasterChanged: (enabled: boolean) => {
        if (enabled) this.#transport.memoryAccessAllowed();
      },
    } as const;
    try {
      this.#fn = addPciFunction(context, spec, place);
    } catch (error) {
      void this.#transport.dispose();
      throw error;
    }
    const address = context.attachment(PCI_BUS).addressOf(this.#fn);
    this.#address = address === undefined ? '' : formatPciAddress(address);
  }

  reset(): void {
    this.#transport.reset();
    this.#common.reset();
    this.#function.reset();
  }

  quiesce(): Promise<void> {
    return this.#transport.quiesce();
  }

  save(): VdevState {
    // The transport first, because the device may put buffers back.
    const transport = this.#transport.save();
    const state = { transport, registers: this.#common.save(), function: this.#function.save() };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['transport', 'registers', 'function'], 'virtio-pci state');
    const loadRegisters = this.#common.decode(state.registers);
    const loadFunction = this.#function.decode(state.function);
    this.#transport.restore(state.transport);
    loadRegisters();
    loadFunction();
  }

  status(): Readonly<Record<string, Json>> {
    return { pci: this.#address, ...this.#transport.report() };
  }

  dispose(): void | Promise<void> {
    return this.#transport.dispose();
  }

  get #function(): PciFunction {
    return this.#fn as PciFunction;
  }

  /** Interrupts by the pin, or by messages once the driver has enabled MSI-X. */
  #createBus(): TransportBus {
    const memoryAccess = (): boolean => this.#fn?.busMaster === true;
    return {
      get memoryAccess() {
        return memoryAccess();
      },
      setInterrupt: (level) => this.#fn?.setPin(level),
      sendMessage: (queue) => {
        const msix = this.#fn?.msix;
        if (msix?.enabled !== true) return false;
        const vector = this.#common.vectorOf(queue);
        if (vector !== NO_VECTOR) msix.trigger(vector);
        return true;
      },
    };
  }
}
