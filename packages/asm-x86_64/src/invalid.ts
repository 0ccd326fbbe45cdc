/** The row of opcodes that 64-bit mode does not have; it raises #UD. */
export const INVALID = 'UD (64-bit mode)';
