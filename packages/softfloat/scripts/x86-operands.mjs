/** Operands and control words of the x86 tests, derived from a seed. */
import { operands } from './oracle-operands.mjs';
import { x87Control, x87Operands } from './x87-operands.mjs';

const BITS = { f16: 16n, f32: 32n, f64: 64n, i32: 32n, i64: 64n };

/** The addend of a fused operation, which comes first, is the last operand. */
const addendLast = (values) => (values.length === 3 ? [values[1], values[2], values[0]] : values);

/** Operands of an SSE group: vectors are made of several scalar cases. */
function sseOperands(random, group) {
  const cases = Array.from({ length: group.lanes ?? 1 }, () => addendLast(operands(random, group)));
  return group.args.map((type, k) =>
    cases.reduce((all, values, i) => all | (values[k] << (BITS[type] * BigInt(i))), 0n),
  );
}

/**
 * MXCSR: half of the time all exceptions are masked and rounding is to nearest, with PE set for half of these, which
 * native fast paths require.
 */
function mxcsr(random) {
  if (random.below(2)) return random.below(2) ? 0x1fa0 : 0x1f80;
  let value = random.below(0x10000);
  if (random.below(2)) value |= 0x1f80;
  if (random.below(2)) value &= ~0x3f;
  return value;
}

/** `count` cases { group, control, values } of the group with an index. */
export function x86CasesOf(random, group, index, count) {
  return Array.from({ length: count }, () =>
    group.x87
      ? { group: index, control: x87Control(random), values: x87Operands(random, group) }
      : { group: index, control: mxcsr(random), values: sseOperands(random, group) },
  );
}
