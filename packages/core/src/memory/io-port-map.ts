import { QvmError } from '../errors/qvm-error.js';
import type { PortHandler } from './memory-region.js';

/** Number of ports in the I/O address space of x86. */
const PORTS = 0x1_0000;
const PORT_DIGITS = 4;

/**
 * A range of I/O ports.
 *
 * @experimental
 */
export interface PortRegion {
  /** Name of the owner, for overlap errors. */
  readonly name: string;
  /** First port. */
  readonly base: number;
  /** Number of ports. */
  readonly size: number;
  /** Performs the accesses. */
  readonly handler: PortHandler;
}

/**
 * The I/O ports of a VM, an address space of their own: maps ports to devices. At unassigned ports, reads return all
 * ones and writes have no effect.
 *
 * @experimental
 */
export class IoPortMap {
  readonly #regions: PortRegion[] = [];
  /**
   * Index of the port's region in the list plus one, by port. Allocated with the first region: most architectures have
   * no ports.
   */
  #owners: Uint16Array | undefined;

  /** All regions, in order of creation. */
  get regions(): readonly PortRegion[] {
    return this.#regions;
  }

  /** The region that a port belongs to. */
  find(port: number): PortRegion | undefined {
    return this.#regions[(this.#owners?.[port] ?? 0) - 1];
  }

  /**
   * Assigns a range of ports to a device.
   *
   * @param base - first port, 0 to 65535.
   * @param size - number of ports, at least 1.
   * @throws `QvmError` `memory.range`, `memory.overlap`.
   */
  add(name: string, base: number, size: number, handler: PortHandler): void {
    if (!Number.isInteger(base) || !Number.isInteger(size) || base < 0 || size < 1 || base + size > PORTS)
      throw new QvmError('memory.range', `${name} has no valid range of I/O ports: first ${base}, ${size} of them.`);
    const owners = (this.#owners ??= new Uint16Array(PORTS));
    const taken = owners.subarray(base, base + size).find((owner) => owner !== 0);
    if (taken !== undefined) {
      const other = this.#regions[taken - 1] as PortRegion;
      throw new QvmError(
        'memory.overlap',
        `${name} (${formatPorts(base, size)}) overlaps ${other.name} (${formatPorts(other.base, other.size)}).`,
      );
    }
    owners.fill(this.#regions.push({ name, base, size, handler }), base, base + size);
  }
}

const hexadecimal = (port: number): string => `0x${port.toString(16).padStart(PORT_DIGITS, '0')}`;

const formatPorts = (base: number, size: number): string =>
  size === 1 ? `port ${hexadecimal(base)}` : `ports ${hexadecimal(base)} to ${hexadecimal(base + size - 1)}`;
