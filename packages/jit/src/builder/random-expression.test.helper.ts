import type { V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import type { Builder } from './builder.js';
import { FIELD, FIELDS, REGISTERS, reg } from './builder-bench.test.helper.js';

/** A value made with the builder, and the same value computed with plain arithmetic. */
export interface Computed {
  readonly wide: boolean;
  readonly value: bigint;
  build(b: Builder, built: ReadonlyMap<Computed, V>): V;
}

/** The leaves of an expression. */
export interface Leaves {
  readonly registers: readonly bigint[];
  readonly fields: readonly bigint[];
  /** The instruction's operand. */
  readonly operand: bigint;
  readonly pc: bigint;
}

const BINARY = [
  'add',
  'sub',
  'mul',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
  'sar',
  'ror',
  'rotl',
  'eq',
  'ne',
  'lts',
  'ltu',
  'gts',
  'gtu',
  'les',
  'leu',
  'ges',
  'geu',
] as const;
const UNARY = ['clz', 'ctz', 'popcnt', 'eqz', 'not', 'neg'] as const;
const EDGES = [
  0n,
  1n,
  -1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  1n << 62n,
  1n << 63n,
  (1n << 63n) - 1n,
];

const bitsOf = (wide: boolean): number => (wide ? 64 : 32);
const truth = (x: boolean): bigint => (x ? 1n : 0n);

/** The reference: WebAssembly's integer operations according to their definitions (Core Specification §4.3.2). */
function binary(name: (typeof BINARY)[number], wide: boolean, x: bigint, y: bigint): bigint {
  const bits = bitsOf(wide);
  const [sx, sy] = [BigInt.asIntN(bits, x), BigInt.asIntN(bits, y)];
  const k = y % BigInt(bits);
  const rotate = (by: bigint): bigint => (x << by) | (x >> (BigInt(bits) - by));
  const results: Record<typeof name, () => bigint> = {
    add: () => x + y,
    sub: () => x - y,
    mul: () => x * y,
    and: () => x & y,
    or: () => x | y,
    xor: () => x ^ y,
    shl: () => x << k,
    shr: () => x >> k,
    sar: () => sx >> k,
    rotl: () => rotate(k),
    ror: () => rotate((BigInt(bits) - k) % BigInt(bits)),
    eq: () => truth(x === y),
    ne: () => truth(x !== y),
    lts: () => truth(sx < sy),
    ltu: () => truth(x < y),
    gts: () => truth(sx > sy),
    gtu: () => truth(x > y),
    les: () => truth(sx <= sy),
    leu: () => truth(x <= y),
    ges: () => truth(sx >= sy),
    geu: () => truth(x >= y),
  };
  return BigInt.asUintN(bits, results[name]());
}

function unary(name: (typeof UNARY)[number], wide: boolean, x: bigint): bigint {
  const bits = bitsOf(wide);
  const digits = x.toString(2).padStart(bits, '0');
  const results: Record<typeof name, () => bigint> = {
    clz: () => BigInt(x === 0n ? bits : digits.indexOf('1')),
    ctz: () => BigInt(x === 0n ? bits : bits - 1 - digits.lastIndexOf('1')),
    popcnt: () => BigInt(digits.replaceAll('0', '').length),
    eqz: () => truth(x === 0n),
    not: () => ~x,
    neg: () => -x,
  };
  return BigInt.asUintN(bits, results[name]());
}

/** Makes random expressions that share subexpressions. */
export class ExpressionMaker {
  readonly pool: Computed[] = [];

  /** @param random - returns unsigned 32-bit numbers. */
  constructor(
    private readonly random: () => number,
    private readonly leaves: Leaves,
  ) {}

  below(limit: number): number {
    return this.random() % limit;
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  number(): bigint {
    return BigInt.asUintN(
      64,
      this.below(2) === 0 ? this.one(EDGES) : (BigInt(this.random()) << 32n) | BigInt(this.random()),
    );
  }

  /** Makes a value of the given width from values in the pool, and adds it to the pool. */
  make(wide: boolean): Computed {
    const made = this.#make(wide);
    this.pool.push(made);
    return made;
  }

  any(wide: boolean): Computed {
    const fitting = this.pool.filter((x) => x.wide === wide);
    return fitting.length > 0 && this.below(8) > 0 ? this.one(fitting) : this.make(wide);
  }

  #make(wide: boolean): Computed {
    if (this.pool.length < 6 || this.below(5) === 0) return this.#leaf(wide);
    const kind = this.below(10);
    if (kind < 5) return this.#binary(wide);
    if (kind === 5) return this.#unary(wide);
    if (kind === 6) return this.#conversion(wide);
    if (kind === 7) return this.#division(wide);
    return this.#choice(wide, kind === 8);
  }

  #leaf(wide: boolean): Computed {
    const constant = this.number();
    const n = this.below(wide ? 4 : 3);
    if (n === 0) {
      const value = BigInt.asUintN(bitsOf(wide), constant);
      return { wide, value, build: (b) => (wide ? b.i64(value) : b.i32(Number(value))) };
    }
    if (!wide && n === 1) {
      const value = BigInt.asUintN(32, this.leaves.operand);
      return { wide, value, build: (b) => b.and(b.i32(-1), b.operand(OPERAND)) };
    }
    if (n === 3 && this.below(3) === 0) return { wide, value: this.leaves.pc, build: (b) => b.pc() };
    if (n === 2) {
      const field = this.below(FIELDS);
      const whole = this.leaves.fields[field] as bigint;
      return {
        wide,
        value: BigInt.asUintN(bitsOf(wide), whole),
        build: (b) => b.stateAt(FIELD + field * 8, wide ? 8 : 4),
      };
    }
    const register = this.below(REGISTERS);
    const value = BigInt.asUintN(bitsOf(wide), this.leaves.registers[register] as bigint);
    return { wide, value, build: (b) => b.as(reg(b, register), wide ? Ty.i64 : Ty.i32) };
  }

  #binary(wide: boolean): Computed {
    const name = this.one(wide ? BINARY.slice(0, 11) : BINARY);
    // Comparisons return an i32, whatever the width of their operands.
    const inner = BINARY.indexOf(name) > 10 ? this.below(2) === 0 : wide;
    const x = this.any(inner);
    if (this.below(4) === 0) {
      const n = this.below(2) === 0 ? BigInt.asIntN(32, this.number()) : this.leaves.operand;
      const value = binary(name, inner, x.value, BigInt.asUintN(bitsOf(inner), n));
      const operand = n === this.leaves.operand;
      return { wide, value, build: (b, built) => b[name](at(built, x), operand ? b.operand(OPERAND) : b.imm(n)) };
    }
    const y = this.any(inner);
    return {
      wide,
      value: binary(name, inner, x.value, y.value),
      build: (b, built) => b[name](at(built, x), at(built, y)),
    };
  }

  #unary(wide: boolean): Computed {
    const name = this.one(wide ? UNARY.filter((n) => n !== 'eqz') : UNARY);
    const x = this.any(name === 'eqz' ? this.below(2) === 0 : wide);
    return { wide, value: unary(name, x.wide, x.value), build: (b, built) => b[name](at(built, x)) };
  }

  #conversion(wide: boolean): Computed {
    const bits = this.one(wide ? [8, 16, 32] : [8, 16]);
    const kind = this.below(4);
    if (kind === 0) {
      const x = this.any(!wide);
      return {
        wide,
        value: BigInt.asUintN(bitsOf(wide), x.value),
        build: (b, built) => b.as(at(built, x), wide ? Ty.i64 : Ty.i32),
      };
    }
    if (kind === 1 && wide) {
      const x = this.any(false);
      return {
        wide,
        value: BigInt.asUintN(64, BigInt.asIntN(32, x.value)),
        build: (b, built) => b.widenSigned(at(built, x)),
      };
    }
    const x = this.any(wide);
    const signed = kind === 2;
    const value = signed ? BigInt.asUintN(bitsOf(wide), BigInt.asIntN(bits, x.value)) : BigInt.asUintN(bits, x.value);
    return { wide, value, build: (b, built) => (signed ? b.sx(at(built, x), bits) : b.zx(at(built, x), bits)) };
  }

  /** A division that would trap outside its branch, used twice inside it. */
  #division(wide: boolean): Computed {
    const [x, y] = [this.any(wide), this.any(wide)];
    const bits = bitsOf(wide);
    const quotient = y.value === 0n ? 0n : x.value / y.value;
    const value = y.value === 0n ? BigInt.asUintN(bits, 7n) : BigInt.asUintN(bits, quotient + quotient * 3n);
    return {
      wide,
      value,
      build: (b, built) => {
        const q = b.divu(at(built, x), at(built, y));
        return b.choose(b.eqz(at(built, y)), wide ? b.i64(7) : b.i32(7), b.add(q, b.mul(q, b.imm(3))));
      },
    };
  }

  #choice(wide: boolean, lazy: boolean): Computed {
    const [c, x, y] = [this.any(false), this.any(wide), this.any(wide)];
    const value = c.value !== 0n ? x.value : y.value;
    return {
      wide,
      value,
      build: (b, built) => b[lazy ? 'choose' : 'select'](at(built, c), at(built, x), at(built, y)),
    };
  }
}

/** The only dynamic operand besides `imm`, which is the first. */
const OPERAND = 1;

function at(built: ReadonlyMap<Computed, V>, x: Computed): V {
  const found = built.get(x);
  if (found === undefined) throw new Error('used before it was made');
  return found;
}

/** Builds the values of the pool in order. */
export function buildAll(b: Builder, pool: readonly Computed[]): Map<Computed, V> {
  const built = new Map<Computed, V>();
  for (const x of pool) built.set(x, x.build(b, built));
  return built;
}
