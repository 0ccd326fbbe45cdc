import type { MsiSpec } from '../messages/msi.js';
import type { MsixSpec } from '../messages/msix.js';
import type { BarSpec } from './base-address.js';
import type { CapabilitySpec } from './capabilities.js';

/**
 * Number of an interrupt pin: 1 for INTA# to 4 for INTD#.
 *
 * @experimental
 */
export type InterruptPin = 1 | 2 | 3 | 4;

/**
 * Description of a PCI function: its identity, registers and capabilities.
 *
 * @experimental
 */
export interface PciFunctionSpec {
  /** Vendor, 16 bits. */
  readonly vendorId: number;
  /** Device, 16 bits. */
  readonly deviceId: number;
  /** Revision, 8 bits. Default 0. */
  readonly revision?: number;
  /** Class, subclass and programming interface, 24 bits, such as 0x01_00_00 for a SCSI controller. */
  readonly classCode: number;
  /** Subsystem vendor, 16 bits. Default: the vendor. */
  readonly subsystemVendorId?: number;
  /** Subsystem, 16 bits. Default 0. */
  readonly subsystemId?: number;
  /** The pin that it uses. Default: none. */
  readonly interruptPin?: InterruptPin;
  /** Its base address registers. Default: none. */
  readonly bars?: readonly BarSpec[];
  /** Its MSI interrupts. Default: none. */
  readonly msi?: MsiSpec;
  /** Its MSI-X interrupts. Default: none. */
  readonly msix?: MsixSpec;
  /** Further capabilities, in order. Default: none. */
  readonly capabilities?: readonly CapabilitySpec[];
  /** Extended capabilities of read-only bytes, in order. Default: none. */
  readonly extended?: readonly {
    /** Identifier, 16 bits. */
    readonly id: number;
    /** Version, 4 bits. */
    readonly version: number;
    /** The bytes after the header of four bytes. */
    readonly bytes: ArrayLike<number>;
  }[];
  /** Whether it has the PCI Express capability; systems read the extended space only then. Default `true`. */
  readonly express?: boolean;
  /** Called when software allows or forbids the function to access memory. */
  readonly busMasterChanged?: (enabled: boolean) => void;
}
