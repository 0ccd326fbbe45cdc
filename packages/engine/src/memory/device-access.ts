import type { GuestExits, MachineServices, MemoryRegion, MmioRegion, PhysicalMap, Vcpu } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { AccessWidth } from '@qvm/core/vdev';
import { DeviceCalls } from './device-calls.js';

const ALL_ONES = 0xffff_ffff;
const WIDE = 8;
/** Bytes of the widest access that every device accepts. */
const NARROW = 4;

/**
 * Accesses of one vCPU to addresses outside of RAM: device registers, and addresses that only a hook may answer. An
 * access of several elements is performed element by element, each by the device at its address. Elements of more than
 * 32 bits are performed in pieces of 64 bits, as one access if the device accepts that, otherwise as two.
 *
 * @experimental
 */
export class DeviceAccess {
  readonly #map: PhysicalMap;
  readonly #data: DataView;
  readonly #calls: DeviceCalls;

  /** @param syndrome - of an access, as the architecture reports it to a hypervisor. */
  constructor(
    private readonly vcpu: Vcpu,
    private readonly services: MachineServices,
    exits: GuestExits,
    syndrome: (width: number, write: boolean) => number,
  ) {
    this.#map = services.map;
    this.#data = services.memory.data;
    this.#calls = new DeviceCalls(exits, 'mmio', syndrome);
  }

  /**
   * Reads into the VM's memory at `to`.
   *
   * @param element - bytes of one element, a power of two.
   * @returns number of bytes read: less than `bytes` if nothing answers at the next one.
   */
  read(address: number, bytes: number, element: number, to: number): number {
    for (let at = 0; at < bytes;) {
      const here = address + at;
      const region = this.#map.find(here);
      const width = widthAt(region, here, Math.min(element, bytes - at));
      if (width === WIDE) this.#readWide(region as MmioRegion, here, to + at);
      else {
        const value = covers(region, here, width)
          ? this.#calls.read(region, here, width)
          : this.#unmapped(here, width, 'read');
        if (value === undefined) return at;
        this.#put(to + at, width, value);
      }
      at += width;
    }
    return bytes;
  }

  /**
   * Checks whether a write can succeed; otherwise the whole access has no effect.
   *
   * @returns number of bytes that may be written: less than `bytes` if nothing would accept the next one.
   */
  accepts(address: number, bytes: number, element: number): number {
    if (this.#ignores || hasTaps(this.services.hooks.unmappedAccess)) return bytes;
    for (let at = 0; at < bytes;) {
      const here = address + at;
      const region = this.#map.find(here);
      const width = widthAt(region, here, Math.min(element, bytes - at));
      if (!covers(region, here, width)) return at;
      at += width;
    }
    return bytes;
  }

  /**
   * Writes from the VM's memory at `from`.
   *
   * @returns number of bytes written: less than `bytes` if nothing accepted the next one.
   */
  write(address: number, bytes: number, element: number, from: number): number {
    for (let at = 0; at < bytes;) {
      const here = address + at;
      const region = this.#map.find(here);
      const width = widthAt(region, here, Math.min(element, bytes - at));
      if (width === WIDE) this.#writeWide(region as MmioRegion, here, from + at);
      else {
        const value = this.#take(from + at, width);
        if (covers(region, here, width)) this.#calls.write(region, here, width, value);
        else if (this.#unmapped(here, width, 'write', value) === undefined) return at;
      }
      at += width;
    }
    return bytes;
  }

  #readWide(region: MmioRegion, address: number, to: number): void {
    this.#calls.readWide(region, address);
    const { lo, hi } = this.#calls.wide;
    this.#data.setUint32(to, lo, true);
    this.#data.setUint32(to + NARROW, hi, true);
  }

  #writeWide(region: MmioRegion, address: number, from: number): void {
    const { wide } = this.#calls;
    wide.lo = this.#data.getUint32(from, true);
    wide.hi = this.#data.getUint32(from + NARROW, true);
    this.#calls.writeWide(region, address);
  }

  #put(at: number, width: AccessWidth, value: number): void {
    if (width === 1) this.#data.setUint8(at, value);
    else if (width === 2) this.#data.setUint16(at, value, true);
    else this.#data.setUint32(at, value, true);
  }

  #take(at: number, width: AccessWidth): number {
    if (width === 1) return this.#data.getUint8(at);
    return width === 2 ? this.#data.getUint16(at, true) : this.#data.getUint32(at, true);
  }

  #unmapped(address: number, width: AccessWidth, access: 'read' | 'write', value?: number): number | undefined {
    const hook = this.services.hooks.unmappedAccess;
    const answer = hasTaps(hook)
      ? hook.call({ vcpu: this.vcpu, space: 'memory', address, width, access, value })
      : undefined;
    if (answer !== undefined) return Number(BigInt.asUintN(32, answer));
    return this.#ignores ? ALL_ONES : undefined;
  }

  /** Whether reads of unmapped addresses return ones and writes to them are ignored. */
  get #ignores(): boolean {
    return this.services.unsupported.reference === 'ignore';
  }
}

/** Bytes of the next device access for an element of `bytes`: 8 if the handler accepts that. */
function widthAt(region: MemoryRegion | undefined, address: number, bytes: number): AccessWidth | typeof WIDE {
  if (bytes <= NARROW) return bytes as AccessWidth;
  if (region?.kind !== 'mmio' || region.handler.readWide === undefined || region.handler.writeWide === undefined)
    return NARROW;
  const offset = address - region.base;
  return bytes >= WIDE && offset % WIDE === 0 && offset + WIDE <= region.size ? WIDE : NARROW;
}

/** Whether an access lies wholly in a device's registers. */
function covers(region: MemoryRegion | undefined, address: number, bytes: number): region is MmioRegion {
  return region?.kind === 'mmio' && address - region.base + bytes <= region.size;
}
