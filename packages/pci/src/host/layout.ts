import type { VdevMachine, VdevResources } from '@qvm/core/vdev';
import { DEVICES } from '../bus/address.js';
import { CONFIG_PORTS } from '../bus/config-ports.js';
import { ECAM_BYTES } from '../bus/ecam.js';
import { swizzle } from '../bus/pci-bus.js';
import type { InterruptPin } from '../function/function-spec.js';

/** Type and role of the host bridge: the word for its place on a board. */
export const PCI_HOST = 'pci-host';

/** The lines that the interrupt pins of devices are joined to, by name: those of device 0 are INTA# to INTD#. */
export const LINES = ['inta', 'intb', 'intc', 'intd'] as const;

/** Names of the ranges of registers and ports of a host bridge, and of its windows. */
export const ECAM_RANGE = 'ecam';
export const CONFIG_RANGE = 'config';
export const IO_RANGE = 'io';
export const MEMORY32 = 'memory32';
export const MEMORY64 = 'memory64';

/** Ports that functions can have: those beyond the ones that the devices of a PC have. The board says from where on. */
const IO_PORTS = 0xf000;

/** A range of addresses or ports. */
interface Range {
  readonly base: number;
  readonly size: number;
}

/** The windows that a board has for its host bridge; for ports, the number of them is known here. */
export function windowsOf(machine: VdevMachine | undefined): {
  readonly memory32: Range | undefined;
  readonly memory64: Range | undefined;
  readonly io: Pick<Range, 'size'> | undefined;
} {
  const windows = machine?.place(PCI_HOST)?.windows;
  return {
    memory32: windows?.[MEMORY32],
    memory64: windows?.[MEMORY64],
    io: machine?.ioPorts === true ? { size: IO_PORTS } : undefined,
  };
}

/**
 * The resources of a host bridge: the configuration window, the ports where the machine has any, the lines of the pins,
 * and the windows to the bus that the board has for it.
 */
export function hostResources(machine: VdevMachine | undefined): VdevResources {
  const { memory32, memory64, io } = windowsOf(machine);
  const window = (name: string, range: Range | undefined) =>
    range === undefined ? [] : [{ name, base: range.base, size: range.size, bus: true }];
  const ports = [
    { name: CONFIG_RANGE, size: CONFIG_PORTS },
    { name: IO_RANGE, size: IO_PORTS },
  ];
  return {
    mmio: [{ name: ECAM_RANGE, size: ECAM_BYTES }],
    ...(io === undefined ? {} : { ports }),
    interrupts: LINES.map((name) => ({ name })),
    windows: [...window(MEMORY32, memory32), ...window(MEMORY64, memory64)],
    role: PCI_HOST,
  };
}

/**
 * A host bridge in the terms of firmware tables (ACPI: MCFG, `_CRS`, `_PRT`).
 *
 * @experimental
 */
export interface PciHostDescription {
  /** The window to the configuration spaces, and the buses that it has. */
  readonly ecam: {
    /** Guest-physical address. */
    readonly base: number;
    /** Size in bytes. */
    readonly size: number;
    /** Number of the first bus. */
    readonly firstBus: number;
    /** Number of the last bus. */
    readonly lastBus: number;
  };
  /** The ports by which configuration spaces can be reached, too. Absent: there are none. */
  readonly configPorts?: {
    /** The first port. */
    readonly base: number;
    /** Number of ports. */
    readonly size: number;
  };
  /** The ranges that are passed on to the bus at the same addresses. */
  readonly windows: readonly PciHostWindow[];
  /** The interrupt of each pin of each device. */
  readonly interrupts: readonly {
    /** Device, 0 to 31. */
    readonly slot: number;
    /** Pin, 1 for INTA#. */
    readonly pin: InterruptPin;
    /** Number of the interrupt at the guest's interrupt controller (x86: GSI); level-sensitive, active high. */
    readonly interrupt: number;
  }[];
}

/**
 * A range of addresses that the bus gets.
 *
 * @experimental
 */
export interface PciHostWindow {
  /** The kind of addresses. */
  readonly kind: 'memory32' | 'memory64' | 'io';
  /** First address or port. */
  readonly base: number;
  /** Bytes, or ports. */
  readonly size: number;
}

/** Where a host bridge is. */
export interface HostPlaces {
  readonly ecam: number;
  /** First of the configuration ports. */
  readonly ports: number | undefined;
  readonly windows: Readonly<Record<PciHostWindow['kind'], Range | undefined>>;
  /** By names of {@link LINES}. */
  readonly interrupts: Readonly<Record<string, number>>;
}

const PINS = [1, 2, 3, 4] as const;

/** Describes a host bridge. */
export function describeHost({ ecam, ports, windows, interrupts }: HostPlaces): PciHostDescription {
  const devices = Array.from({ length: DEVICES }, (_, slot) => slot);
  return {
    ecam: { base: ecam, size: ECAM_BYTES, firstBus: 0, lastBus: 0 },
    ...(ports === undefined ? {} : { configPorts: { base: ports, size: CONFIG_PORTS } }),
    windows: (['io', MEMORY32, MEMORY64] as const).flatMap((kind) => {
      const range = windows[kind];
      return range === undefined ? [] : [{ kind, base: range.base, size: range.size }];
    }),
    interrupts: devices.flatMap((slot) =>
      PINS.map((pin) => ({ slot, pin, interrupt: interrupts[LINES[swizzle(slot, pin)] ?? ''] ?? 0 })),
    ),
  };
}
