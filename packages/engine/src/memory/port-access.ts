import type { GuestExits, IoPortMap } from '@qvm/core/architecture';
import type { AccessWidth } from '@qvm/core/vdev';
import { DeviceCalls } from './device-calls.js';

const BYTE_ONES = 0xff;

/**
 * Accesses of one vCPU to I/O ports. If no device covers the whole access, it is performed byte by byte, lowest port
 * first, as on an 8-bit bus. Reads of unassigned ports return ones.
 *
 * @experimental
 */
export class PortAccess {
  readonly #calls: DeviceCalls;

  /** @param syndrome - of an access, as the architecture reports it to a hypervisor. */
  constructor(
    private readonly ports: IoPortMap,
    exits: GuestExits,
    syndrome: (width: number, write: boolean) => number,
  ) {
    this.#calls = new DeviceCalls(exits, 'io', syndrome);
  }

  /** The value of a port, zero-extended, as an unsigned number. */
  read(port: number, width: AccessWidth): number {
    const region = this.ports.find(port);
    if (region && port - region.base + width <= region.size) return this.#calls.read(region, port, width);
    if (width === 1) return BYTE_ONES;
    let value = 0;
    for (let byte = 0; byte < width; byte++) value |= this.read(port + byte, 1) << (byte * 8);
    return value >>> 0;
  }

  /** Writes to a port; `value` is unsigned and fits `width`. */
  write(port: number, width: AccessWidth, value: number): void {
    const region = this.ports.find(port);
    if (region && port - region.base + width <= region.size) this.#calls.write(region, port, width, value);
    else if (width > 1)
      for (let byte = 0; byte < width; byte++) this.write(port + byte, 1, (value >>> (byte * 8)) & BYTE_ONES);
  }
}
