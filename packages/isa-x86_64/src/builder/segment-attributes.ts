/**
 * Bits of a segment's attributes (SDM vol. 3, 3.4.5): bits 23–8 of the second word of its descriptor, without the
 * limit. 0 for a null segment.
 *
 * @experimental
 */
export enum Attribute {
  /** Of code and data: it has been loaded into a segment register. */
  Accessed = 1 << 0,
  /** Data may be written. */
  Writable = 1 << 1,
  /** Code may be read. */
  Readable = 1 << 1,
  /** Data: addresses above the limit are valid, those below are not. */
  ExpandDown = 1 << 2,
  /** Code may be executed at numerically higher privilege levels. */
  Conforming = 1 << 2,
  /** It is code. */
  Code = 1 << 3,
  /** S: it is a code or data segment, not of the system. */
  CodeOrData = 1 << 4,
  /** It is present. */
  Present = 1 << 7,
  /** Available to software. */
  Available = 1 << 12,
  /** 64-bit code. */
  L = 1 << 13,
  /** D of code, B of data: 32 bits. */
  DB = 1 << 14,
  /** The limit is in units of 4 KiB. */
  Granularity = 1 << 15,
}

/** Attributes of a writable data segment of ring 0 that has been loaded. @experimental */
export const DATA_ATTRIBUTES: number =
  Attribute.Present | Attribute.CodeOrData | Attribute.Writable | Attribute.Accessed;

/** Attributes of a readable code segment of ring 0 that has been loaded. @experimental */
export const CODE_ATTRIBUTES: number = DATA_ATTRIBUTES | Attribute.Code;

/**
 * Attributes of the code segment that SYSCALL, SYSRET, SYSENTER and SYSEXIT load for 64-bit code, with DPL 0 (SDM vol. 2,
 * SYSCALL).
 *
 * @experimental
 */
export const FLAT_CODE_64: number = CODE_ATTRIBUTES | Attribute.L | Attribute.Granularity;

/** Attributes of the stack segment that they load, with DPL 0. @experimental */
export const FLAT_DATA: number = DATA_ATTRIBUTES | Attribute.DB | Attribute.Granularity;
