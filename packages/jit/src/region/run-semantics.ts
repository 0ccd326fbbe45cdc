import type { Builder } from '../builder/builder.js';
import type { Row } from '../describe/row.js';
import type { V } from '../describe/value.js';
import { operandsOf } from '../interpreter/operands.js';
import type { OperandKind } from '../describe/row.js';
import type { RegionInstruction } from './region-instruction.js';

/** The operands of each row, which are asked for very often. */
const known = new WeakMap<object, RowOperands>();

/** Names and kinds of the operands of a row. */
interface RowOperands {
  readonly names: readonly string[];
  readonly kinds: readonly OperandKind[];
}

function operandsOfRow<B>(row: Row<B>): RowOperands {
  let operands = known.get(row);
  if (!operands) {
    const all = operandsOf(row);
    known.set(row, (operands = { names: all.map(({ name }) => name), kinds: all.map(({ kind }) => kind) }));
  }
  return operands;
}

/**
 * The arguments of semantic functions, by the object of static choices that equal instructions share. An operand is the
 * node that a builder makes for it first, so its number is the same each time.
 */
const knownArguments = new WeakMap<object, Readonly<Record<string, unknown>>>();

/** Emits one instruction, whose fields are all known. @internal */
export function runSemantics<B extends Builder>(builder: B, instruction: RegionInstruction<B>): void {
  const { row, statics, operands } = instruction;
  const { names, kinds } = operandsOfRow(row);
  builder.begin();
  const values: V[] = [];
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === 'register') values.push(i as unknown as V);
    else if (kinds[i] === 'target') values.push(builder.operand(i));
    else values.push(builder.imm(operands[i] as number | bigint));
  }
  let args = knownArguments.get(statics);
  if (args === undefined) {
    const entries = values.map((value, i) => [names[i] as string, value] as const);
    knownArguments.set(statics, (args = { ...statics, ...Object.fromEntries(entries) }));
  }
  row.semantics(builder, args as never);
  builder.commit();
}
