import type { V } from '../describe/value.js';
import type { Builder } from './builder.js';
import type { FlagModel } from './flag-model.js';

/** The lazy flags at one point. @internal */
export interface LazyFlags {
  /** Their kind, if it is static. */
  readonly known: number | undefined;
  /** The kind as a value. */
  kind(): V;
  readonly x: V;
  readonly y: V;
  /** All flags as an i32. */
  packed(): V;
}

/**
 * Whether a condition holds: an i32. For kinds in `direct` it is computed from the operands, for others from the
 * packed flags.
 *
 * @internal
 */
export function testCondition(b: Builder, model: FlagModel, flags: LazyFlags, condition: number): V {
  const { known, x, y } = flags;
  if (known !== undefined && model.direct.includes(known)) return model.test(b, known, x, y, condition);
  const truth = b.i32(model.truth[condition] as number);
  if (known !== undefined) return b.and(b.shr(truth, flags.packed()), b.imm(1));
  const kind = flags.kind();
  const packed = (): V => b.and(b.shr(truth, flags.packed()), b.imm(1));
  if (model.testAny) return model.testAny(b, { kind, x, y, packed }, condition);
  return model.direct.reduceRight(
    (other, direct) => b.choose(b.eq(kind, b.imm(direct)), model.test(b, direct, x, y, condition), other),
    packed(),
  );
}
