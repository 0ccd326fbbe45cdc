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
 * The arguments of semantic functions, by the object of static choices, which instructions share that differ in their
 * operands only. An operand is the node that a builder makes for it first, so its number is the same each time.
 */
const knownArguments = new WeakMap<object, Readonly<Record<string, unknown>>>();

/** Emits one instruction, whose fields are all known. @internal */
export function runSemantics<B extends Builder>(
  builder: B,
  { row, statics, operands }: Pick<RegionInstruction<B>, 'row' | 'statics' | 'operands'>,
): void {
  run(builder, row, statics, (kind, i) =>
    kind === 'target' ? builder.operand(i) : builder.imm(operands[i] as number | bigint),
  );
}

/** Emits instructions with some static choices, whatever their operands are. @internal */
export function runForAllOperands<B extends Builder>(
  builder: B,
  { row, statics }: Pick<RegionInstruction<B>, 'row' | 'statics'>,
): void {
  run(builder, row, statics, (_, i) => builder.operand(i));
}

function run<B extends Builder>(
  builder: B,
  row: Row<B>,
  statics: Readonly<Record<string, number>>,
  operand: (kind: OperandKind, i: number) => V,
): void {
  const { names, kinds } = operandsOfRow(row);
  builder.begin();
  let args = knownArguments.get(statics);
  if (args === undefined) {
    const made: Record<string, unknown> = { ...statics };
    kinds.forEach((kind, i) => (made[names[i] as string] = kind === 'register' ? i : operand(kind, i)));
    knownArguments.set(statics, (args = made));
  } else for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 'register') operand(kinds[i] as OperandKind, i);
  row.semantics(builder, args as never);
  builder.commit();
}
