import { QvmError } from '@qvm/core';
import { requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceBus, HostDevice, HostDeviceRegion, OpenHostDevice } from '@qvm/core/services';
import type { AccessWidth } from '@qvm/core/vdev';

const REGISTER_BYTES = 0x1000;

/**
 * Options of a {@link FakeHostDevice}; all have defaults.
 *
 * @experimental
 */
export interface FakeHostDeviceOptions {
  /** Default `fake`. */
  readonly name?: string;
  /** Host-physical address. Default 0xff000000. */
  readonly paddr?: number;
  /** Size in bytes. Default 4 KiB. */
  readonly size?: number;
  /** Default: a page of registers in which every word is {@link FakeHostDevice.value}. */
  readonly regions?: readonly HostDeviceRegion[];
  /** Whether the device cannot save its state, like most hardware. Default `false`. */
  readonly opaque?: boolean;
}

/**
 * A host device that a test controls from inside, through the bus of the VM that has claimed it.
 *
 * @experimental
 */
export class FakeHostDevice implements HostDevice {
  readonly name: string;
  readonly description = 'Driven by a test';
  readonly paddr: number;
  readonly size: number;
  /** Calls by its VMs, in order. */
  readonly events: ('open' | 'reset' | 'close')[] = [];
  /** The value of each word of its registers. */
  value = 0;
  readonly #regions: readonly HostDeviceRegion[];
  readonly #opaque: boolean;
  #bus: DeviceBus | undefined;

  constructor({
    name = 'fake',
    paddr = 0xff00_0000,
    size = REGISTER_BYTES,
    regions,
    opaque,
  }: FakeHostDeviceOptions = {}) {
    this.name = name;
    this.paddr = paddr;
    this.size = size;
    this.#regions = regions ?? [{ kind: 'registers', offset: 0, size: REGISTER_BYTES, handler: this }];
    this.#opaque = opaque ?? false;
  }

  /**
   * The VM that has claimed the device.
   *
   * @throws QvmError `testing.host-device` when no VM has claimed it.
   */
  get bus(): DeviceBus {
    if (this.#bus === undefined) throw new QvmError('testing.host-device', `no VM has the device ${this.name}`);
    return this.#bus;
  }

  open(bus: DeviceBus): OpenHostDevice {
    this.#bus = bus;
    this.value = 0;
    this.events.push('open');
    return {
      regions: this.#regions,
      ...(this.#opaque ? {} : { state: { save: () => this.value, restore: (state) => this.#restore(state) } }),
      reset: () => this.#reset(),
      status: () => ({ value: this.value }),
      close: () => this.#close(),
    };
  }

  /** Reads a register: every byte lane is that of {@link FakeHostDevice.value}. */
  read(offset: number, width: AccessWidth): number {
    const lanes = this.value >>> ((offset & 3) * 8);
    return width === 4 ? lanes : lanes & (2 ** (8 * width) - 1);
  }

  /** Writes of a whole word set {@link FakeHostDevice.value}; others have no effect. */
  write(_offset: number, width: AccessWidth, value: number): void {
    if (width === 4) this.value = value;
  }

  #restore(state: Json): void {
    this.value = requireUnsigned(state, 0xffff_ffff, 'state of the device');
  }

  #reset(): void {
    this.events.push('reset');
    this.value = 0;
  }

  #close(): void {
    this.events.push('close');
    this.#bus = undefined;
  }
}
