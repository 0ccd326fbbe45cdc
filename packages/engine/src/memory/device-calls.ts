import type { GuestExits } from '@qvm/core/architecture';
import type { AccessWidth, MmioHandler, WideValue } from '@qvm/core/vdev';

/** A range of device registers or ports. @experimental */
export interface DeviceRegion {
  /** Name of the range, which exits report. */
  readonly name: string;
  /** First guest-physical address, or first port. */
  readonly base: number;
  /** The register half of the device. */
  readonly handler: MmioHandler;
}

/** Bytes of a 64-bit access. */
const WIDE = 8;

/**
 * Calls of devices for one vCPU. Each is an exit from the guest.
 *
 * @experimental
 */
export class DeviceCalls {
  /** Value of the last 64-bit read, or of the next 64-bit write. */
  readonly wide: WideValue = { lo: 0, hi: 0 };

  /** @param syndrome - of an access, as the architecture reports it to a hypervisor. */
  constructor(
    private readonly exits: GuestExits,
    private readonly cause: 'mmio' | 'io',
    private readonly syndrome: (width: number, write: boolean) => number,
  ) {}

  /** Reads a register within an exit. `address` is guest-physical, or a port. */
  read({ name, base, handler }: DeviceRegion, address: number, width: AccessWidth): number {
    const offset = address - base;
    this.exits.leaveToDevice(name, this.syndrome(width, false), address, offset, width, undefined, 0, this.cause);
    const value = handler.read(offset, width);
    this.exits.enterFromDevice(value);
    return value;
  }

  /** Writes a register within an exit. */
  write({ name, base, handler }: DeviceRegion, address: number, width: AccessWidth, value: number): void {
    const offset = address - base;
    this.exits.leaveToDevice(name, this.syndrome(width, true), address, offset, width, value, 0, this.cause);
    handler.write(offset, width, value);
    this.exits.enterFromDevice(value);
  }

  /** Reads 64 bits at once, into {@link DeviceCalls.wide}, from a device that accepts such accesses. */
  readWide({ name, base, handler }: DeviceRegion, address: number): void {
    const offset = address - base;
    const { wide } = this;
    this.exits.leaveToDevice(name, this.syndrome(WIDE, false), address, offset, WIDE, undefined, 0, this.cause);
    handler.readWide?.(offset, wide);
    this.exits.enterFromDevice(wide.lo, wide.hi);
  }

  /** Writes {@link DeviceCalls.wide} at once. */
  writeWide({ name, base, handler }: DeviceRegion, address: number): void {
    const offset = address - base;
    const { wide } = this;
    const { lo, hi } = wide;
    this.exits.leaveToDevice(name, this.syndrome(WIDE, true), address, offset, WIDE, lo, hi, this.cause);
    handler.writeWide?.(offset, wide);
    this.exits.enterFromDevice(lo, hi);
  }
}
