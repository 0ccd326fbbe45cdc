import type { AcpiDevice, AcpiScope } from './acpi-node.js';
import type { AcpiResource } from './acpi-resource.js';

/**
 * A part of a VM's ACPI tables that a vdev contributes (ACPI 6.5).
 *
 * @experimental
 */
export type AcpiPart =
  | AcpiDevicePart
  | AcpiScopePart
  | AcpiIoApicPart
  | AcpiInterruptOverridePart
  | AcpiPciSegmentPart
  | AcpiHpetPart
  | AcpiPowerManagementPart;

/**
 * A device of the namespace, in the DSDT.
 *
 * @experimental
 */
export interface AcpiDevicePart {
  /** The kind of part. */
  readonly kind: 'device';
  /** The device. */
  readonly device: AcpiDevice;
  /** Absolute path of the device that it is in, such as `\_SB.PCI0`, which may be another vdev's. Absent: `\_SB`. */
  readonly parent?: string;
}

/**
 * Objects for a scope that exists, such as `\_GPE`.
 *
 * @experimental
 */
export interface AcpiScopePart {
  /** The kind of part. */
  readonly kind: 'scope';
  /** Absolute path of the scope; `\` is the root. */
  readonly path: string;
  /** The objects. */
  readonly scope: AcpiScope;
}

/**
 * An I/O APIC, in the MADT (section 5.2.12.3).
 *
 * @experimental
 */
export interface AcpiIoApicPart {
  /** The kind of part. */
  readonly kind: 'io-apic';
  /** Its APIC ID. */
  readonly id: number;
  /** Guest-physical address of its registers. */
  readonly address: number;
  /** Global system interrupt of its first input. */
  readonly firstInterrupt: number;
}

/**
 * An ISA interrupt that is another global system interrupt, or is not signalled as on ISA (section 5.2.12.5).
 *
 * @experimental
 */
export interface AcpiInterruptOverridePart {
  /** The kind of part. */
  readonly kind: 'interrupt-override';
  /** The ISA interrupt, 0 to 15. */
  readonly isa: number;
  /** The global system interrupt that it is. */
  readonly interrupt: number;
  /** How it is signalled. Absent: as on ISA, by rising edges. */
  readonly trigger?: 'level' | 'edge';
  /** Absent: `high`. */
  readonly polarity?: 'high' | 'low';
}

/**
 * The configuration space of PCI buses in memory (ECAM), in the MCFG (PCI Firmware Specification 3.3, section 4.1.2).
 *
 * @experimental
 */
export interface AcpiPciSegmentPart {
  /** The kind of part. */
  readonly kind: 'pci-segment';
  /** Guest-physical address of bus 0. */
  readonly base: number;
  /** Number of the segment group. */
  readonly segment: number;
  /** First bus. */
  readonly firstBus: number;
  /** Last bus. */
  readonly lastBus: number;
}

/**
 * A high-precision event timer, in the HPET table (IA-PC HPET Specification 1.0a, section 3.2.4).
 *
 * @experimental
 */
export interface AcpiHpetPart {
  /** The kind of part. */
  readonly kind: 'hpet';
  /** Guest-physical address of its registers. */
  readonly address: number;
  /** The low 32 bits of its capabilities register. */
  readonly id: number;
  /** Shortest period in main-counter ticks without lost interrupts. */
  readonly minimumTick: number;
}

/**
 * The fixed hardware of power management, in the FADT (sections 4.8 and 5.2.9).
 *
 * @experimental
 */
export interface AcpiPowerManagementPart {
  /** The kind of part. */
  readonly kind: 'power-management';
  /** The interrupt of the fixed hardware, a global system interrupt. */
  readonly sci: number;
  /** First port of the PM1 event registers: status and enable, 2 bytes each. */
  readonly pm1Event: number;
  /** Port of the PM1 control register, 2 bytes. */
  readonly pm1Control: number;
  /** Port of the 32-bit power-management timer. */
  readonly timer: number;
  /** The registers of general-purpose events: status bits, then enable bits. Absent: there are none. */
  readonly gpe0?: {
    /** First port. */
    readonly base: number;
    /** Number of ports, even. */
    readonly size: number;
  };
  /** The register whose write resets the machine. Absent: there is none. */
  readonly reset?: {
    /** The port. */
    readonly port: number;
    /** The byte to write. */
    readonly value: number;
  };
  /** SLP_TYP value that powers the machine off. */
  readonly powerOff: number;
  /** Whether the power button is one of the fixed registers' events. */
  readonly powerButton: boolean;
  /** Index of the century in the real-time clock's memory. Absent: it has none. */
  readonly century?: number;
}

/**
 * The context in which a vdev describes itself in ACPI tables.
 *
 * @experimental
 */
export interface AcpiContext {
  /**
   * A name for a device that no other caller has got: the prefix and a number from 0.
   *
   * @param prefix - 1 to 3 characters, such as `COM`.
   */
  deviceName(prefix: string): string;
  /** The next `_UID` of devices with this `_HID`, from 0. */
  uid(hid: string): number;
  /** The resource for an interrupt of this VM's board, by the number that the vdev has got. */
  interrupt(number: number, trigger: 'level' | 'edge'): AcpiResource;
}
