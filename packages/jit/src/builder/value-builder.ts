import type { V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { IntOpName } from '../wasm/opcodes.js';
import { foldInt, isIdentity } from './fold.js';
import { Kind, node, value } from './graph.js';
import type { Graph } from './graph.js';

const COMMUTATIVE: ReadonlySet<IntOpName> = new Set<IntOpName>(['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne']);
/** The opcodes of divisions are next to each other. */
const mayTrap = (op: number): boolean =>
  (op >= IntOp.divs[0] && op <= IntOp.remu[0]) || (op >= IntOp.divs[1] && op <= IntOp.remu[1]);
const SIGN_EXTENSIONS: Readonly<Record<number, readonly [number | undefined, number]>> = {
  8: [Op.i32_extend8_s, Op.i64_extend8_s],
  16: [Op.i32_extend16_s, Op.i64_extend16_s],
  32: [undefined, Op.i64_extend32_s],
};

/**
 * Integer values of an instruction: constants, conversions, arithmetic and choice. Operations on constants are folded.
 *
 * @experimental
 */
export abstract class ValueBuilder {
  /** @param graph - the graph of the instruction's values. */
  constructor(protected readonly graph: Graph) {}

  // --- constants and conversions ---

  /** A number that takes the width of the other operand. */
  imm(n: number | bigint): V {
    return this.#literal(0, n);
  }

  /** A number as of {@link ValueBuilder.imm}, by its lower and upper 32 bits. */
  immHalves(low: number, high: number): V {
    return this.halves(0, low, high);
  }

  /** A constant of 32 bits. */
  i32(n: number): V {
    return this.#literal(Ty.i32, n);
  }

  /** A constant of 64 bits. A number must be a safe integer. */
  i64(n: number | bigint): V {
    return this.#literal(Ty.i64, n);
  }

  /** The constant value of a node, or undefined; in a region, instruction fields are constants. */
  constant(x: V): bigint | undefined {
    this.graph.asked = true;
    return this.graph.isConst(node(x)) ? this.#constantOf(node(x)) : undefined;
  }

  /** Type of a value; 0 for a number that takes the type of its use. */
  type(x: V): Ty | 0 {
    return this.graph.ty[node(x)] as Ty | 0;
  }

  /** `x` as `ty`: the low bits, or zero-extended. */
  as(x: V, ty: Ty): V {
    const n = node(x);
    const have = this.graph.ty[n] as Ty | 0;
    if (have === ty) return x;
    if (have === 0) return this.#typed(n, ty);
    if (this.graph.isConst(n)) return this.halves(ty, this.graph.lo[n]!, 0);
    return this.op(ty === Ty.i64 ? Op.i64_extend_i32_u : Op.i32_wrap_i64, ty, n);
  }

  /** An i32 extended with its sign to i64. */
  widenSigned(x: V): V {
    const n = node(this.as(x, Ty.i32));
    if (this.graph.isConst(n)) return this.halves(Ty.i64, this.graph.lo[n]!, this.graph.lo[n]! >> 31);
    return this.op(Op.i64_extend_i32_s, Ty.i64, n);
  }

  /** The low `bits` (8, 16, 32) of `x`, sign-extended to the width of `x`. */
  sx(x: V, bits: number): V {
    const ty = this.known(x);
    if (bits === 64 || (bits === 32 && ty === Ty.i32)) return x;
    const op = SIGN_EXTENSIONS[bits]?.[ty === Ty.i32 ? 0 : 1];
    if (op === undefined) throw new Error(`no sign extension from ${bits} bits`);
    if (this.graph.isConst(node(x))) return this.#constant(ty, BigInt.asIntN(bits, this.#constantOf(node(x))));
    return this.op(op, ty, node(x));
  }

  /** The low `bits` of `x`, zero-extended to its width. */
  zx(x: V, bits: number): V {
    const ty = this.known(x);
    if (bits === 64 || (bits === 32 && ty === Ty.i32)) return x;
    return this.and(x, this.imm(2 ** bits - 1));
  }

  // --- integer arithmetic, by the operands' width ---

  /** Sum, modulo 2^width. */
  add(x: V, y: V): V {
    return this.#binary('add', x, y);
  }
  /** Difference, modulo 2^width. */
  sub(x: V, y: V): V {
    return this.#binary('sub', x, y);
  }
  /** Low half of the product. */
  mul(x: V, y: V): V {
    return this.#binary('mul', x, y);
  }
  /** Bitwise and. */
  and(x: V, y: V): V {
    return this.#binary('and', x, y);
  }
  /** Bitwise or. */
  or(x: V, y: V): V {
    return this.#binary('or', x, y);
  }
  /** Bitwise exclusive or. */
  xor(x: V, y: V): V {
    return this.#binary('xor', x, y);
  }
  /** Shifts left. Shift and rotation amounts are taken modulo the width and may have any integer type. */
  shl(x: V, y: V): V {
    return this.#shift('shl', x, y);
  }
  /** Logical shift right. */
  shr(x: V, y: V): V {
    return this.#shift('shr', x, y);
  }
  /** Arithmetic shift right. */
  sar(x: V, y: V): V {
    return this.#shift('sar', x, y);
  }
  /** Rotates right. */
  ror(x: V, y: V): V {
    return this.#shift('ror', x, y);
  }
  /** Rotates left. */
  rotl(x: V, y: V): V {
    return this.#shift('rotl', x, y);
  }
  // Comparisons return an i32, 1 or 0; `s` is signed, `u` unsigned.
  /** Whether `x` = `y`: an i32, 1 or 0. */
  eq(x: V, y: V): V {
    return this.#binary('eq', x, y, Ty.i32);
  }
  /** Whether `x` ≠ `y`: an i32, 1 or 0. */
  ne(x: V, y: V): V {
    return this.#binary('ne', x, y, Ty.i32);
  }
  /** Whether `x` < `y`, signed: an i32, 1 or 0. */
  lts(x: V, y: V): V {
    return this.#binary('lts', x, y, Ty.i32);
  }
  /** Whether `x` < `y`, unsigned: an i32, 1 or 0. */
  ltu(x: V, y: V): V {
    return this.#binary('ltu', x, y, Ty.i32);
  }
  /** Whether `x` > `y`, signed: an i32, 1 or 0. */
  gts(x: V, y: V): V {
    return this.#binary('gts', x, y, Ty.i32);
  }
  /** Whether `x` > `y`, unsigned: an i32, 1 or 0. */
  gtu(x: V, y: V): V {
    return this.#binary('gtu', x, y, Ty.i32);
  }
  /** Whether `x` ≤ `y`, signed: an i32, 1 or 0. */
  les(x: V, y: V): V {
    return this.#binary('les', x, y, Ty.i32);
  }
  /** Whether `x` ≤ `y`, unsigned: an i32, 1 or 0. */
  leu(x: V, y: V): V {
    return this.#binary('leu', x, y, Ty.i32);
  }
  /** Whether `x` ≥ `y`, signed: an i32, 1 or 0. */
  ges(x: V, y: V): V {
    return this.#binary('ges', x, y, Ty.i32);
  }
  /** Whether `x` ≥ `y`, unsigned: an i32, 1 or 0. */
  geu(x: V, y: V): V {
    return this.#binary('geu', x, y, Ty.i32);
  }
  /** Bitwise complement. */
  not(x: V): V {
    return this.xor(x, this.imm(-1));
  }
  /** 0 − `x`, modulo 2^width. */
  neg(x: V): V {
    return this.sub(this.halves(this.known(x), 0, 0), x);
  }
  /** Number of leading zeros; the width for 0. */
  clz(x: V): V {
    return this.#unary('clz', x);
  }
  /** Number of trailing zeros; the width for 0. */
  ctz(x: V): V {
    return this.#unary('ctz', x);
  }
  /** Number of ones. */
  popcnt(x: V): V {
    return this.#unary('popcnt', x);
  }
  /** Whether `x` is 0: an i32. */
  eqz(x: V): V {
    return this.op(this.known(x) === Ty.i32 ? Op.i32_eqz : Op.i64_eqz, Ty.i32, node(x));
  }
  /** Signed division. Division traps on zero (and on overflow if signed): guard it with {@link choose}. */
  divs(x: V, y: V): V {
    return this.#binary('divs', x, y);
  }
  /** Unsigned division. */
  divu(x: V, y: V): V {
    return this.#binary('divu', x, y);
  }

  /** High 64 bits of the product of two i64. */
  multiplyHigh(x: V, y: V, signed: boolean): V {
    const low = (v: V): V => this.zx(v, 32);
    const high = (v: V): V => (signed ? this.sar(v, this.imm(32)) : this.shr(v, this.imm(32)));
    const [xl, xh, yl, yh] = [low(x), high(x), low(y), high(y)] as const;
    const middle = this.add(this.mul(xh, yl), this.shr(this.mul(xl, yl), this.imm(32)));
    const cross = this.add(this.mul(xl, yh), low(middle));
    return this.add(this.add(this.mul(xh, yh), high(middle)), high(cross));
  }

  /** Reverses the bytes in each group of `group` bytes: 2, 4 or 8. */
  reverseBytes(x: V, group: number): V {
    const mask8 = this.imm(0x00ff_00ff_00ff_00ffn);
    const mask16 = this.imm(0x0000_ffff_0000_ffffn);
    let r = this.or(this.shl(this.and(x, mask8), this.imm(8)), this.and(this.shr(x, this.imm(8)), mask8));
    if (group > 2)
      r = this.or(this.shl(this.and(r, mask16), this.imm(16)), this.and(this.shr(r, this.imm(16)), mask16));
    return group > 4 ? this.rotl(r, this.imm(32)) : r;
  }

  /** `c ? x : y`; both sides are evaluated. `c` is an i32. */
  select(c: V, x: V, y: V): V {
    const ty = this.#commonType(x, y);
    return this.op(Op.select, ty, node(this.as(x, ty)), node(this.as(y, ty)), node(this.as(c, Ty.i32)));
  }

  /** `c ? x : y`; only the chosen side is evaluated. */
  choose(c: V, x: V, y: V): V {
    const ty = this.#commonType(x, y);
    const p = this.as(x, ty);
    const q = this.as(y, ty);
    if (this.graph.isConst(node(c))) return this.graph.lo[node(c)] !== 0 ? p : q;
    return this.node(Kind.Choose, ty, 0, node(this.as(c, Ty.i32)), node(p), node(q));
  }

  // --- nodes ---

  /** Adds an operation. */
  protected op(op: number, ty: Ty, a: number, b = -1, c = -1): V {
    return this.node(Kind.Op, ty, op, a, b, c);
  }

  /** Adds a node and counts one use of each of its inputs. */
  protected node(kind: Kind, ty: Ty, op: number, a: number, b = -1, c = -1): V {
    const g = this.graph;
    const n = g.add(kind, ty, op, a, b, c);
    if (kind === Kind.Op && mayTrap(op)) g.traps[n] = 1;
    g.useInputs(n);
    return value(n);
  }

  /** Counts a use of a value outside the graph. */
  protected useOf(v: V): number {
    const n = node(v);
    this.graph.uses[n]!++;
    return n;
  }

  /** Makes a constant from its two halves. */
  protected halves(ty: Ty | 0, lo: number, hi: number): V {
    return value(this.graph.constant(ty, lo, ty === Ty.i32 ? lo >> 31 : hi));
  }

  /** The type of a value whose type must be known. */
  protected known(x: V): Ty {
    const ty = this.graph.ty[node(x)] as Ty | 0;
    if (ty === 0) throw new Error('the width of a value is not known here');
    return ty;
  }

  #literal(ty: Ty | 0, n: number | bigint): V {
    return typeof n === 'number' ? this.halves(ty, n | 0, Math.floor(n / 2 ** 32)) : this.#constant(ty, n);
  }

  #constant(ty: Ty | 0, n: bigint): V {
    return this.halves(ty, Number(BigInt.asIntN(32, n)), Number(BigInt.asIntN(32, n >> 32n)));
  }

  #constantOf(n: number): bigint {
    return (BigInt(this.graph.hi[n] as number) << 32n) | BigInt((this.graph.lo[n] as number) >>> 0);
  }

  #typed(n: number, ty: Ty): V {
    const g = this.graph;
    if (g.kind[n] === Kind.Const) return this.halves(ty, g.lo[n]!, g.hi[n]!);
    return value(g.add(Kind.Operand, ty, 0, g.a[n]));
  }

  /** The type of two operands. */
  #commonType(x: V, y: V): Ty {
    const tx = this.type(x);
    const ty = this.type(y);
    const known = tx !== 0 ? tx : ty;
    if (known === 0) throw new Error('two operands without a width');
    if (tx !== 0 && ty !== 0 && tx !== ty) throw new Error(`operands of different width: ${Ty[tx]} and ${Ty[ty]}`);
    return known;
  }

  #binary(name: IntOpName, x: V, y: V, result?: Ty): V {
    const ty = this.#commonType(x, y);
    return this.#integer(name, node(this.as(x, ty)), node(this.as(y, ty)), result);
  }

  #shift(name: IntOpName, x: V, amount: V): V {
    const ty = this.known(x);
    return this.#integer(name, node(x), node(this.as(amount, ty)));
  }

  #integer(name: IntOpName, p: number, q: number, result?: Ty): V {
    const g = this.graph;
    const ty = g.ty[p] as Ty;
    const to = result ?? ty;
    if (g.isConst(p) && COMMUTATIVE.has(name)) {
      if (this.#isIdentity(name, p)) return value(q);
      if (!g.isConst(q)) return this.op(IntOp[name][ty === Ty.i32 ? 0 : 1], to, q, p);
    }
    if (g.isConst(q)) {
      if (this.#isIdentity(name, q)) return value(p);
      if (g.isConst(p)) {
        const folded = foldInt(name, ty === Ty.i64, this.#constantOf(p), this.#constantOf(q));
        if (folded !== undefined) return this.#constant(to, folded);
      }
    }
    return this.op(IntOp[name][ty === Ty.i32 ? 0 : 1], to, p, q);
  }

  #isIdentity(name: IntOpName, n: number): boolean {
    return isIdentity(name, this.graph.lo[n] as number, this.graph.hi[n] as number);
  }

  #unary(name: IntOpName, x: V): V {
    const ty = this.known(x);
    return this.op(IntOp[name][ty === Ty.i32 ? 0 : 1], ty, node(x));
  }
}
