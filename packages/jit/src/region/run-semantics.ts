import type { Builder } from '../builder/builder.js';
import type { OperandKind, Row } from '../describe/row.js';
import { operandsOf } from '../interpreter/operands.js';
import type { RegionInstruction } from './region-instruction.js';

/** The same for all instructions with the same static choices. */
interface Call {
  /** Kinds of the operands. */
  readonly kinds: readonly OperandKind[];
  /** Arguments of the semantic function. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** By the object of static choices. */
const calls = new WeakMap<object, Call>();

/** Emits one instruction, whose fields are all known. @internal */
export function runSemantics<B extends Builder>(
  builder: B,
  { row, statics, operands, placed, offset }: RegionInstruction<B>,
): void {
  const { kinds, args } = callOf(row, statics);
  builder.begin();
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    const low = operands[2 * i] as number;
    if (kind === 'target') builder.operand(i);
    else if (i === placed) builder.imm(low + offset);
    else if (kind !== 'register') builder.immHalves(low, operands[2 * i + 1] as number);
  }
  row.semantics(builder, args as never);
  builder.commit();
}

/** Emits instructions with some static choices, whatever their operands are. @internal */
export function runForAllOperands<B extends Builder>(builder: B, { row, statics }: RegionInstruction<B>): void {
  const { kinds, args } = callOf(row, statics);
  builder.begin();
  for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 'register') builder.operand(i);
  row.semantics(builder, args as never);
  builder.commit();
}

function callOf<B>(row: Row<B>, statics: Readonly<Record<string, number>>): Call {
  const known = calls.get(statics);
  if (known !== undefined) return known;
  const operands = operandsOf(row);
  const args: Record<string, unknown> = { ...statics };
  // The operands that are no registers are the first nodes that a builder makes for an instruction.
  let node = 0;
  operands.forEach(({ name, kind }, i) => (args[name] = kind === 'register' ? i : node++));
  const call = { kinds: operands.map(({ kind }) => kind), args };
  calls.set(statics, call);
  return call;
}
