declare const valueBrand: unique symbol;
declare const registerBrand: unique symbol;

/**
 * A value in a semantic function: a constant or an expression. It is opaque, so that `imm + 1` and `if (imm)` do not
 * compile.
 *
 * @experimental
 */
export interface V {
  /** Type only: makes a value no number. */
  readonly [valueBrand]: true;
}

/**
 * A register operand: a register number in a region, a field of the record in a handler.
 *
 * @experimental
 */
export interface Reg {
  /** Type only: makes a register no number. */
  readonly [registerBrand]: true;
}
