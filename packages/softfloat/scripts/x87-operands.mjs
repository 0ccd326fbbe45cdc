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

/** Of a number, the biased exponent. */
const exponentOf = (value) => Number((value >> F80.f) & 0x7fffn);

/** A number with a biased exponent of at most `most`, or a NaN. */
function below(random, most) {
  if (random.below(2)) return near(random, most - 20, 21);
  for (;;) {
    const value = float(random, F80);
    const isNaN = exponentOf(value) === 0x7fff && BigInt.asUintN(63, value) !== 0n;
    if (exponentOf(value) <= most || isNaN) return value;
  }
}

/** pi / 2, as the processor has it, times 2^65. */
const HALF_PI = 0x3243f6a8885a308d3n;

/** An angle: of a moderate size, or close to a multiple of pi / 2. */
function angle(random) {
  if (random.below(3)) return near(random, 16340, 108);
  const product = HALF_PI * (BigInt(random.below(1 << random.below(24))) + 1n);
  const bits = product.toString(2).length;
  const sig = (product >> BigInt(bits - 64)) + BigInt(random.below(3)) - 1n;
  return assemble(F80, random.below(2), BigInt(16383 - 65 + bits - 1), BigInt.asUintN(63, sig));
}

/** Operands of instructions for which general ones seldom meet the interesting cases. */
const SPECIFIC = {
  f80_scale: (random) => [float(random, F80), random.below(3) ? near(random, 16378, 20) : float(random, F80)],
  f80_rem: (random) => {
    // A denormal number and infinity: the remainder is the number, which underflows.
    if (random.below(6) === 0) return [assemble(F80, 0, 0n, fraction(random, F80.f)), 0x7fffn << F80.f];
    const exp = 100 + random.below(32000);
    return [near(random, exp - 1 + random.below(2) * random.below(150), 4), near(random, exp, 2)];
  },
  f80_yl2x: (random) => [
    random.below(2) ? near(random, 16382, 2) & ~(1n << 78n) : float(random, F80),
    random.below(2) ? near(random, 16370, 30) : float(random, F80),
  ],
  f80_patan: (random) => [near(random, 16380, 6), near(random, 16380, 6)],
  f80_sin: (random) => [angle(random)],
  f80_cos: (random) => [angle(random)],
  f80_sincos: (random) => [angle(random)],
  f80_tan: (random) => [angle(random)],
  f80_to_s16: (random) => [nearInteger(random, { ...F80, f: 63n })],
};

/** The same of instructions that are only defined for small operands. */
const RESTRICTED = {
  f80_2xm1: (random) => [below(random, 16382)],
  f80_yl2xp1: (random) => [below(random, 16380), random.below(2) ? near(random, 16370, 30) : float(random, F80)],
};

function valuesOf(random, group) {
  if (group.fn in RESTRICTED) return RESTRICTED[group.fn](random);
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
