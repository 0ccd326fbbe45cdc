/*
 * Registers of a function with a header of type 0 (PCI Local Bus 3.0, section 6.1; PCI Express Base 4.0, section 7.5.1).
 */

/** Offsets of registers in the header. */
export const VENDOR_ID = 0x00;
export const DEVICE_ID = 0x02;
export const COMMAND = 0x04;
export const STATUS = 0x06;
export const REVISION_ID = 0x08;
export const CLASS_CODE = 0x09;
export const CACHE_LINE_SIZE = 0x0c;
export const HEADER_TYPE = 0x0e;
export const BASE_ADDRESS = 0x10;
export const SUBSYSTEM_VENDOR_ID = 0x2c;
export const SUBSYSTEM_ID = 0x2e;
export const CAPABILITIES_POINTER = 0x34;
export const INTERRUPT_LINE = 0x3c;
export const INTERRUPT_PIN = 0x3d;
/** End of the header: capabilities follow. */
export const HEADER_END = 0x40;
/** End of the space that every function has: the extended space of PCI Express follows. */
export const CONVENTIONAL_END = 0x100;

/** Number of base address registers in a header of type 0. */
export const BASE_ADDRESS_REGISTERS = 6;

/** Bits of the register COMMAND (section 6.2.2). */
export const COMMAND_IO = 1 << 0;
export const COMMAND_MEMORY = 1 << 1;
export const COMMAND_BUS_MASTER = 1 << 2;
export const COMMAND_PARITY = 1 << 6;
export const COMMAND_SERR = 1 << 8;
export const COMMAND_INTX_DISABLE = 1 << 10;

/** Bits of the register STATUS (section 6.2.3). */
export const STATUS_INTERRUPT = 1 << 3;
export const STATUS_CAPABILITIES = 1 << 4;
/** Errors that a function has seen; written as 1, they are cleared. */
export const STATUS_ERRORS = 0xf900;

/** Set in HEADER_TYPE of function 0 when the device has further functions. */
export const HEADER_MULTIFUNCTION = 0x80;

/** Identifiers of capabilities (PCI Code and ID Assignment, section 2). */
export const CAPABILITY_MSI = 0x05;
export const CAPABILITY_VENDOR = 0x09;
export const CAPABILITY_EXPRESS = 0x10;
export const CAPABILITY_MSIX = 0x11;
