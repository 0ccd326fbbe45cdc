/**
 * Operands and control bits for tests. Uniformly random bits would hardly ever reach corner cases. Everything is
 * derived from a seed.
 */

export const FORMAT = {
  f16: { e: 5n, f: 10n },
  f32: { e: 8n, f: 23n },
  f64: { e: 11n, f: 52n },
  f80: { e: 15n, f: 63n },
};

/** A 64-bit generator (splitmix64). */
export class Random {
  constructor(seed) {
    this.state = BigInt(seed);
  }
  bits() {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return z ^ (z >> 31n);
  }
  below(n) {
    return Number((this.bits() >> 11n) % BigInt(n));
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}

const clamp = (value, max) => (value < 0n ? 0n : value > max ? max : value);

/** A fraction: random, empty, full, or with a run of bits that makes rounding nearly tie. */
export function fraction(random, bits) {
  const all = (1n << bits) - 1n;
  const at = BigInt(random.below(Number(bits)));
  switch (random.below(9)) {
    case 0:
      return 0n;
    case 1:
      return all;
    case 2:
      return 1n << at;
    case 3:
      return all ^ ((1n << at) - 1n);
    case 4:
      return BigInt(random.below(4));
    case 5:
      return all - BigInt(random.below(4));
    case 6:
      return random.bits() & all & ~((1n << at) - 1n);
    default:
      return random.bits() & all;
  }
}

function exponent(random, { e }) {
  const max = (1n << e) - 1n;
  const bias = max >> 1n;
  const near = BigInt(random.below(7)) - 3n;
  switch (random.below(10)) {
    case 0:
      return 0n;
    case 1:
      return BigInt(random.below(4));
    case 2:
      return max - BigInt(random.below(4));
    case 3:
      return random.below(3) ? max - 1n : max;
    case 4:
    case 5:
      return clamp(bias + near, max);
    case 6:
      return clamp(bias + near * 11n, max);
    default:
      return BigInt(random.below(Number(max)));
  }
}

export function assemble(format, sign, exp, frac) {
  return (BigInt(sign) << (format.e + format.f)) | (exp << format.f) | frac;
}

/** Zero, infinity, the ends of the ranges, NaNs with few bits. */
function special(random, format) {
  const max = (1n << format.e) - 1n;
  const all = (1n << format.f) - 1n;
  const quiet = 1n << (format.f - 1n);
  const [exp, frac] = random.pick([
    [0n, 0n],
    [max, 0n],
    [max, quiet | BigInt(random.below(8))],
    [max, BigInt(1 + random.below(8))],
    [1n, 0n],
    [0n, all],
    [max - 1n, all],
    [max >> 1n, 0n],
  ]);
  return assemble(format, random.below(2), exp, frac);
}

export function float(random, format) {
  if (random.below(9) === 0) return special(random, format);
  return assemble(format, random.below(2), exponent(random, format), fraction(random, format.f));
}

/** An operand with which an operation with `other` cancels, barely overlaps, underflows or overflows. */
function related(random, format, other) {
  const max = (1n << format.e) - 1n;
  const bias = max >> 1n;
  const exp = (other >> format.f) & max;
  const near = BigInt(random.below(7)) - 3n;
  const mask = (1n << (format.e + format.f + 1n)) - 1n;
  const frac = () => fraction(random, format.f);
  switch (random.below(8)) {
    case 0:
      return (other + near) & mask;
    case 1:
      return ((other ^ (1n << (format.e + format.f))) + near) & mask;
    case 2:
      return assemble(format, random.below(2), clamp(exp + near, max), frac());
    case 3:
      return assemble(
        format,
        random.below(2),
        clamp(exp + format.f * (random.below(2) ? 1n : -1n) + near, max),
        frac(),
      );
    case 4:
      return assemble(format, random.below(2), clamp(bias + 1n - exp + near, max), frac());
    case 5:
      return assemble(format, random.below(2), clamp(max + bias - exp + near - 1n, max), frac());
    case 6:
      return assemble(format, random.below(2), clamp(exp - bias + near, max), frac());
    default:
      return assemble(
        format,
        random.below(2),
        clamp(bias + 1n - exp - BigInt(random.below(Number(format.f) + 3)), max),
        frac(),
      );
  }
}

/** An addend near the product of two operands, where fused operations cancel and tie. */
function nearProduct(random, format, a, b) {
  const max = (1n << format.e) - 1n;
  const exp = ((a >> format.f) & max) + ((b >> format.f) & max) - (max >> 1n);
  const span = BigInt(random.below(2 * Number(format.f) + 9)) - format.f - 4n;
  if (random.below(3) === 0) {
    const one = 1n << format.f;
    const product = ((a & (one - 1n)) | one) * ((b & (one - 1n)) | one);
    const carry = product >> (2n * format.f + 1n);
    const frac = ((product >> (format.f + carry)) + BigInt(random.below(3)) - 1n) & (one - 1n);
    return assemble(format, random.below(2), clamp(exp + carry, max), frac);
  }
  return assemble(format, random.below(2), clamp(exp + span, max), fraction(random, format.f));
}

/** Two operands whose product or quotient is within a few units of the smallest or largest normal number. */
function boundaryPair(random, format) {
  const max = (1n << format.e) - 1n;
  const all = (1n << format.f) - 1n;
  const bias = max >> 1n;
  const few = () => BigInt(random.below(4));
  const nearly = () => (random.below(2) ? few() : all - few());
  const exp = bias + BigInt(random.below(Number(bias))) - (bias >> 1n);
  const near = BigInt(random.below(3)) - 1n;
  const others = [
    bias + 1n - exp + near,
    max - 1n + bias - exp + near,
    exp - 1n + bias + near,
    exp - max + bias + near,
  ];
  const other = clamp(random.pick(others), max);
  return [assemble(format, random.below(2), exp, nearly()), assemble(format, random.below(2), other, nearly())];
}

/**
 * An addend and factors whose exact sum is a tie between two results, or very close to one: a double rounding would be
 * noticed.
 */
function tie(random, format) {
  const bias = (1n << (format.e - 1n)) - 1n;
  const one = 1n << format.f;
  const sign = () => random.below(2);
  const expA = bias + BigInt(random.below(4));
  const expB = bias + BigInt(random.below(4));
  const few = BigInt(random.below(4));
  if (random.below(2)) {
    // (1 + x)(1 - x), which is half a unit of the addend minus x * x.
    const b = few === 0n ? assemble(format, sign(), expB, 0n) : assemble(format, sign(), expB - 1n, one - 2n * few);
    const top = expA + expB - bias + format.f + BigInt(random.below(3));
    return [
      assemble(format, sign(), clamp(top, 2n * bias), fraction(random, format.f)),
      assemble(format, sign(), expA, few),
      b,
    ];
  }
  // A product a bit or two longer than the format, and an addend far below.
  const short = BigInt(random.below(8)) << (format.f - 3n);
  const low = expA + expB - bias - format.f - BigInt(random.below(Number(format.f) + 10));
  const a = assemble(format, sign(), expA, fraction(random, format.f));
  return [
    assemble(format, sign(), clamp(low, 2n * bias), fraction(random, format.f)),
    a,
    assemble(format, sign(), expB, short),
  ];
}

/** Numbers around integer limits and halves, for conversions to integers. */
export function nearInteger(random, format) {
  const max = (1n << format.e) - 1n;
  const exp = clamp((max >> 1n) + BigInt(random.below(70)) - 4n, max);
  return assemble(format, random.below(2), exp, fraction(random, format.f));
}

export function integer(random, bits) {
  const all = (1n << bits) - 1n;
  const kept = BigInt(1 + random.below(Number(bits)));
  const value = fraction(random, kept) | (1n << (kept - 1n));
  // The first integers that do not fit into a significand.
  const odd = (1n << random.pick([11n, 24n, 53n])) + BigInt(random.below(8)) - 3n;
  const result = random.pick([0n, odd, odd, value, value, value, value, value, value]);
  return (random.below(2) ? result : -result) & all;
}

function operand(random, type, before, group) {
  if (type === 'i64') return integer(random, 64n);
  if (type === 'i32') return random.bits() & 0xffffffffn;
  const format = FORMAT[type];
  const toInteger = /_(rint|round|to_[su]\d+|to_bcd|jcvt)$/.test(group.fn);
  if (toInteger && random.below(3)) return nearInteger(random, format);
  if (before.length === 0 || random.below(3) === 0) return float(random, format);
  return related(random, format, before[before.length - 1]);
}

/** The operands of one case. The addend of a fused operation comes first and is chosen last. */
export function operands(random, group) {
  if (group.args.length === 3) {
    const format = FORMAT[group.args[0]];
    if (random.below(4) === 0) return tie(random, format);
    if (random.below(8) === 0) return [special(random, format), special(random, format), special(random, format)];
    const a = float(random, format);
    const b = random.below(2) ? float(random, format) : related(random, format, a);
    const addend = random.below(4) ? nearProduct(random, format, a, b) : float(random, format);
    return [addend, a, b];
  }
  if (group.args.length === 2 && random.below(8) === 0) return boundaryPair(random, FORMAT[group.args[0]]);
  const values = [];
  for (const type of group.args) values.push(operand(random, type, values, group));
  return values;
}

/**
 * Control bits of a case: RMode in bits 1:0, then FZ, DN, AHP, FZ16; bit 6 sets FPSR.IXC beforehand, which native fast
 * paths require.
 */
function control(random, group) {
  const half = /f16/.test(group.fn);
  let value = random.below(4) === 0 ? 0x40 : random.below(128);
  if (random.below(2)) value &= ~3;
  if (!half) value &= ~0x30;
  if (!group.convert) value &= ~0x10;
  return value;
}

export function fpcrOf(value) {
  const bit = (from, to) => ((value >> from) & 1) << to;
  return ((value & 3) << 22) | bit(2, 24) | bit(3, 25) | bit(4, 26) | bit(5, 19);
}

export function fpsrOf(value) {
  return ((value >> 6) & 1) << 4;
}

/** `count` cases { group, control, values } of the group with an index. */
export function casesOf(random, group, index, count) {
  const cases = [];
  while (cases.length < count) {
    const entry = { group: index, control: control(random, group), values: operands(random, group) };
    if (!group.except?.(entry.control, entry.values)) cases.push(entry);
  }
  return cases;
}
