/**
 * Operands and control words of the x87 tests. Numbers are made with a hidden integer bit, as those of the other formats,
 * and get their explicit one at the end.
 */
import { FORMAT, assemble, float, fraction, integer, nearInteger, operands } from './oracle-operands.mjs';

const F80 = FORMAT.f80;

/** The encoding with an integer bit, which is now and then wrong: pseudo-denormals, unnormals and the like. */
function explicit(random, value) {
  const fractionMask = (1n << 63n) - 1n;
  const se = value >> 63n;
  const normal = (se & 0x7fffn) !== 0n;
  const bit = random.below(30) ? normal : !normal;
  return (se << 64n) | (BigInt(bit) << 63n) | (value & fractionMask);
}

function near(random, exponent, range) {
  const exp = BigInt(Math.max(0, Math.min(32766, exponent + random.below(range))));
  return assemble(F80, random.below(2), exp, fraction(random, F80.f));
}

function packedDecimal(random) {
  const digits = Array.from({ length: 18 }, () => BigInt(random.below(10)));
  const kept = random.below(19);
  const value = digits.reduce((all, digit, i) => (i < kept ? (all << 4n) | digit : all), 0n);
  return value | (BigInt(random.below(2)) << 79n);
}

/** Operands of instructions for which general ones seldom meet the interesting cases. */
const SPECIFIC = {
  f80_scale: (random) => [float(random, F80), random.below(3) ? near(random, 16378, 20) : float(random, F80)],
  f80_rem: (random) => {
    const exp = 100 + random.below(32000);
    return [near(random, exp - 1 + random.below(2) * random.below(150), 4), near(random, exp, 2)];
  },
  f80_to_s16: (random) => [nearInteger(random, { ...F80, f: 63n })],
};

function valuesOf(random, group) {
  const specific = SPECIFIC[group.fn];
  if (specific && random.below(3)) return specific(random);
  if (group.args[0] === 'bcd') return [packedDecimal(random)];
  if (group.args[0] === 'i64') return [integer(random, 64n)];
  if (group.args.every((type) => type === 'f80')) return group.args.length ? operands(random, group) : [];
  return group.args.map((type) => float(random, FORMAT[type]));
}

export function x87Operands(random, group) {
  return valuesOf(random, group).map((value, k) => (group.args[k] === 'f80' ? explicit(random, value) : value));
}

/** FCW: half of the time as FNINIT sets it. */
export function x87Control(random) {
  if (random.below(2)) return 0x37f;
  const masks = random.below(2) ? 0x3f : random.below(64);
  return 0x40 | masks | (random.pick([0, 2, 3]) << 8) | (random.below(4) << 10);
}
