import type { VdevMachine } from '@qvm/core/vdev';
import type { ConfigField } from '../config-space/config-space.js';
import type { PciFunctionSpec } from '../function/function-spec.js';
import type { HostOptions } from './options.js';

const HOST_BRIDGE_CLASS = 0x06_00_00;
/** The generic host bridge of virtual machines. */
const GENERIC = { vendorId: 0x1b36, deviceId: 0x0008 } as const;
/**
 * The memory controller hub of a PC (Intel 3 Series Express Chipset Family data sheet, section 5.1), by which firmware
 * knows the machine, with the subsystem of virtual machines.
 */
const MCH = { vendorId: 0x8086, deviceId: 0x29c0, subsystemVendorId: 0x1af4, subsystemId: 0x1100 } as const;

/** PCIEXBAR: the window to the configuration spaces. Its place is the board's, whatever is written. */
const PCIEXBAR = 0x60;
const PCIEXBAR_ENABLE = 1;
/**
 * PAM0 to PAM6: whether reads and writes below 1 MiB go to RAM. The RAM there is always readable and writable, so they
 * are kept only; zero after reset makes firmware copy itself from its ROM.
 */
const PAM = 0x90;
const PAM_REGISTERS = 7;

/** The host bridge's own function. */
export interface Bridge {
  /** Its identity. */
  readonly spec: PciFunctionSpec;
  /** Registers beside the header. */
  readonly fields: readonly ConfigField[];
}

/** @param ecam - guest-physical address of the window to the configuration spaces. */
export function bridgeOf({ vendor, device }: HostOptions, machine: VdevMachine | undefined, ecam: number): Bridge {
  const common = { classCode: HOST_BRIDGE_CLASS, express: false } as const;
  if (machine?.ioPorts === true && vendor === undefined && device === undefined)
    return { spec: { ...MCH, ...common }, fields: mchFields(ecam) };
  const { vendorId, deviceId } = GENERIC;
  return { spec: { vendorId: vendor ?? vendorId, deviceId: device ?? deviceId, ...common }, fields: [] };
}

function mchFields(ecam: number): readonly ConfigField[] {
  return [
    { offset: PCIEXBAR, width: 4, value: (ecam % 2 ** 32) + PCIEXBAR_ENABLE, writable: 0xffff_ffff },
    { offset: PCIEXBAR + 4, width: 4, value: Math.floor(ecam / 2 ** 32), writable: 0xffff_ffff },
    ...Array.from(
      { length: PAM_REGISTERS },
      (_, index) => ({ offset: PAM + index, width: 1, writable: 0x33 }) as const,
    ),
  ];
}
