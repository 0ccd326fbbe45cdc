/**
 * Attributes of the code segment that SYSCALL, SYSRET, SYSENTER and SYSEXIT load for 64-bit code, with DPL 0: as in
 * `Segment.attributes` (SDM vol. 2, SYSCALL).
 *
 * @experimental
 */
export const FLAT_CODE_64 = 0xa09b;

/** Attributes of the stack segment that they load, with DPL 0. @experimental */
export const FLAT_DATA = 0xc093;
