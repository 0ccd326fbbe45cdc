import type { GuestExits, MachineServices, PortRegion, Vcpu } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { AccessWidth } from '@qvm/core/vdev';
import { DeviceCalls } from './device-calls.js';

const BYTE_ONES = 0xff;
/** Bits of a `bigint` that an access returns. */
const ANSWER_BITS = 32;

/**
 * Accesses of one vCPU to I/O ports. If devices have a part of the ports only, or several devices share them, the access
 * is performed byte by byte, lowest port first, as on an 8-bit bus. At unassigned ports the hook `unmappedAccess` may
 * answer; otherwise reads return ones and writes have no effect.
 *
 * @experimental
 */
export class PortAccess {
  readonly #calls: DeviceCalls;

  /** @param syndrome - of an access, as the architecture reports it to a hypervisor. */
  constructor(
    private readonly vcpu: Vcpu,
    private readonly services: Pick<MachineServices, 'ports' | 'hooks'>,
    exits: GuestExits,
    syndrome: (width: number, write: boolean) => number,
  ) {
    this.#calls = new DeviceCalls(exits, 'io', syndrome);
  }

  /** The value of a port, zero-extended, as an unsigned number. */
  read(port: number, width: AccessWidth): number {
    const region = this.services.ports.find(port);
    if (covers(region, port, width)) return this.#calls.read(region, port, width);
    if (this.#isFree(port, width)) return this.#unassigned(port, width, 'read') ?? onesOf(width);
    let value = 0;
    for (let byte = 0; byte < width; byte++) value |= this.read(port + byte, 1) << (byte * 8);
    return value >>> 0;
  }

  /** Writes to a port; `value` is unsigned and fits `width`. */
  write(port: number, width: AccessWidth, value: number): void {
    const region = this.services.ports.find(port);
    if (covers(region, port, width)) this.#calls.write(region, port, width, value);
    else if (this.#isFree(port, width)) this.#unassigned(port, width, 'write', value);
    else for (let byte = 0; byte < width; byte++) this.write(port + byte, 1, (value >>> (byte * 8)) & BYTE_ONES);
  }

  /** Whether no device has any of the ports. */
  #isFree(port: number, width: AccessWidth): boolean {
    for (let byte = 0; byte < width; byte++) if (this.services.ports.find(port + byte) !== undefined) return false;
    return true;
  }

  #unassigned(address: number, width: AccessWidth, access: 'read' | 'write', value?: number): number | undefined {
    const hook = this.services.hooks.unmappedAccess;
    if (!hasTaps(hook)) return undefined;
    const answer = hook.call({ vcpu: this.vcpu, space: 'io', address, width, access, value });
    return answer === undefined ? undefined : (Number(BigInt.asUintN(ANSWER_BITS, answer)) & onesOf(width)) >>> 0;
  }
}

const onesOf = (width: AccessWidth): number => 2 ** (8 * width) - 1;

/** Whether an access lies wholly in the ports of a device. */
function covers(region: PortRegion | undefined, port: number, width: number): region is PortRegion {
  return region !== undefined && port - region.base + width <= region.size;
}
