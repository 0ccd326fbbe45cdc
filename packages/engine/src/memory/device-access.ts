import { hasTaps } from '@qvm/core/hooks';
import type { GuestExits, MachineServices, MemoryRegion, MmioRegion } from '@qvm/core/architecture';
import type { Vcpu } from '@qvm/core/hooks';
import type { AccessWidth } from '@qvm/core/vdev';
import type { MmioPort } from './memory-port.js';

const ALL_ONES = 0xffff_ffff;

/**
 * Accesses of one vCPU to device registers, and to addresses that only a hook may know.
 *
 * @experimental
 */
export class DeviceAccess implements MmioPort {
  constructor(
    private readonly vcpu: Vcpu,
    private readonly services: MachineServices,
    private readonly exits: GuestExits,
    /** The exception syndrome of an access, as the architecture reports it to a hypervisor. */
    private readonly syndrome: (width: AccessWidth, write: boolean) => number,
  ) {}

  read(region: MemoryRegion | undefined, address: number, width: AccessWidth): number | undefined {
    if (!covers(region, address, width)) return this.#unmapped(address, width, 'read');
    const offset = address - region.base;
    this.exits.leaveToDevice(region.name, this.syndrome(width, false), address, offset, width, undefined);
    const value = region.handler.read(offset, width);
    this.exits.enterFromDevice(value);
    return value;
  }

  accepts(region: MemoryRegion | undefined, address: number, bytes: number): boolean {
    return this.#ignores || hasTaps(this.services.hooks.unmappedAccess) || covers(region, address, bytes);
  }

  write(region: MemoryRegion | undefined, address: number, width: AccessWidth, value: number): boolean {
    if (!covers(region, address, width)) return this.#unmapped(address, width, 'write', value) !== undefined;
    const offset = address - region.base;
    this.exits.leaveToDevice(region.name, this.syndrome(width, true), address, offset, width, value);
    region.handler.write(offset, width, value);
    this.exits.enterFromDevice(value);
    return true;
  }

  #unmapped(address: number, width: AccessWidth, access: 'read' | 'write', value?: number): number | undefined {
    const hook = this.services.hooks.unmappedAccess;
    const answer = hasTaps(hook) ? hook.call({ vcpu: this.vcpu, address, width, access, value }) : undefined;
    if (answer !== undefined) return Number(BigInt.asUintN(32, answer));
    return this.#ignores ? ALL_ONES : undefined;
  }

  /** Whether what nothing answers is read as ones and written in vain. */
  get #ignores(): boolean {
    return this.services.unsupported.reference === 'ignore';
  }
}

/** Whether an access lies wholly in a device's registers. */
function covers(region: MemoryRegion | undefined, address: number, bytes: number): region is MmioRegion {
  return region?.kind === 'mmio' && address - region.base + bytes <= region.size;
}
