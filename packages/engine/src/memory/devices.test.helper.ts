import { createVcpuHooks, GuestExits, type Vcpu } from '@qvm/core/architecture';
import type { AccessWidth, Clock, MmioHandler, WideValue } from '@qvm/core/vdev';

/** A recorded access to a device; reads have no value. */
export type Call = readonly [access: string, offset: number, width: number, value?: string];

/** A device that records its accesses and returns a value made from the offset. */
export class NotingDevice implements MmioHandler {
  constructor(
    readonly calls: Call[],
    private readonly name: string,
  ) {}

  read(offset: number, width: AccessWidth): number {
    this.calls.push([`${this.name} read`, offset, width]);
    return (0x1111_1111 * ((offset & 7) + 1)) >>> (32 - width * 8);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.calls.push([`${this.name} write`, offset, width, value.toString(16)]);
  }
}

/** A device that also accepts 64-bit accesses. */
export class NotingWideDevice extends NotingDevice {
  readWide(offset: number, value: WideValue): void {
    this.calls.push(['wide read', offset, 8]);
    value.lo = 0x89ab_cdef;
    value.hi = 0x0123_4567;
  }

  writeWide(offset: number, { lo, hi }: Readonly<WideValue>): void {
    this.calls.push(['wide write', offset, 8, `${hi.toString(16)}:${lo.toString(16)}`]);
  }
}

const KINDS = { trap: {}, guestExit: { mmio: '', io: '' }, interruptTaken: {} };

/** The exits of an inactive vCPU, and a record of their hooks. */
export function watchedExits(): { readonly exits: GuestExits; readonly seen: string[]; readonly vcpu: Vcpu } {
  const hooks = createVcpuHooks(0, KINDS);
  const vcpu = { index: 0, hooks, instructions: 0 } as unknown as Vcpu;
  const seen: string[] = [];
  hooks.guestExit.tap('test', ({ cause, vdev, syndrome = 0 }) => seen.push(`${cause} ${vdev} ${syndrome}`));
  hooks.guestEntrance.tap('test', ({ access }) => {
    if (access)
      seen.push(`${access.write ? 'wrote' : 'read'} ${access.high.toString(16)}:${access.value.toString(16)}`);
  });
  return { exits: new GuestExits(vcpu, { now: () => 0 } as Clock, KINDS.guestExit), seen, vcpu };
}
