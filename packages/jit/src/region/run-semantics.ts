import type { Builder } from '../builder/builder.js';
import type { Row } from '../describe/row.js';
import { operandsOf } from '../interpreter/operands.js';
import type { OperandInfo } from '../interpreter/operands.js';
import type { RegionInstruction } from './region-instruction.js';

/** The operands of each row, which are asked for very often. */
const known = new WeakMap<object, readonly OperandInfo[]>();

function operandsOfRow<B>(row: Row<B>): readonly OperandInfo[] {
  let operands = known.get(row);
  if (!operands) known.set(row, (operands = operandsOf(row)));
  return operands;
}

/** Emits one instruction, whose fields are all known. @internal */
export function runSemantics<B extends Builder>(builder: B, instruction: RegionInstruction<B>): void {
  builder.begin();
  const args: Record<string, unknown> = { ...instruction.statics };
  operandsOfRow(instruction.row).forEach(({ name, kind }, i) => {
    if (kind === 'register') args[name] = i;
    else if (kind === 'target') args[name] = builder.operand(i);
    else args[name] = builder.imm(instruction.operands[i] as number | bigint);
  });
  instruction.row.semantics(builder, args as never);
  builder.commit();
}
