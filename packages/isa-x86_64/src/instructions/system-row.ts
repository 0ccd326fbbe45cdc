import { Ty } from '@qvm/jit';
import { Exit } from '../builder/exits.js';
import type { SystemOperation } from '../builder/exits.js';
import { State } from '../builder/layout.js';
import { inst } from '../describe/row.js';
import type { RowOptions, X86Row } from '../describe/row.js';

/** Optional parts of a row that the vCPU executes. @internal */
export interface SystemRowOptions extends RowOptions {
  /** Whether it is for CPL 0 only: otherwise #GP(0). */
  readonly privileged?: boolean;
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
  return inst(section, name, encodings, options, (b, operands, { systemInfo, wide }) => {
    if (options.privileged) b.requirePrivilege();
    for (const operand of operands) {
      if (operand?.kind === 'memory') b.setState(State.operandAddress, b.linearAddress(operand));
      else if (operand?.kind === 'immediate') b.setState(State.operandAddress, b.as(wide, Ty.i64));
    }
    b.leave(Exit.System, b.or(b.as(systemInfo, Ty.i32), b.imm(operation)));
  });
}
