import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemInfo } from '../builder/exits.js';
import type { SystemOperation } from '../builder/exits.js';
import { State } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import { inst } from '../describe/row.js';
import type { RowOptions, X86Row } from '../describe/row.js';

/** Optional parts of a row that the vCPU executes. @internal */
export interface SystemRowOptions extends RowOptions {
  /** Whether it is for CPL 0 only: otherwise #GP(0). */
  readonly privileged?: boolean;
  /**
   * The operand size in {@link SystemInfo} is that of this operand, or of the form for −1. Default: as the prefixes tell,
   * which does not distinguish opcodes for bytes.
   */
  readonly sizedBy?: number;
}

/**
 * A row that the vCPU executes: leaves with `Exit.System`. The linear address of a memory operand, or all 64 bits of an
 * immediate of more than a byte, are at `State.operandAddress`.
 *
 * @internal
 */
export function system(
  section: string,
  name: string,
  encodings: readonly string[],
  operation: SystemOperation,
  options: SystemRowOptions = {},
): X86Row {
  return inst(section, name, encodings, options, (b, operands, { systemInfo, wide, size }) => {
    if (options.privileged) b.requirePrivilege();
    for (const operand of operands) {
      if (operand?.kind === 'memory') b.setState(State.operandAddress, b.linearAddress(operand));
      else if (operand?.kind === 'immediate') b.setState(State.operandAddress, b.as(wide, Ty.i64));
    }
    b.leave(Exit.System, b.or(sized(b, systemInfo, options.sizedBy, operands, size), b.imm(operation)));
  });
}

/** The operands of the exit with the operand size that a row names. */
function sized(b: X86, systemInfo: V, by: number | undefined, operands: readonly Operand[], size: number): V {
  const info = b.as(systemInfo, Ty.i32);
  if (by === undefined) return info;
  const own = by < 0 ? size : (operands[by] as Operand).size;
  return b.or(b.and(info, b.imm(~(3 << SystemInfo.sizeShift))), b.imm(own << SystemInfo.sizeShift));
}
