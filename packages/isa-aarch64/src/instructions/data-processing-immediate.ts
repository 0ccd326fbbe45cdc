import { derived, int, small, wide } from '@qvm/jit';
import type { RawFields, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, signed } from './row.js';
import type { A64Row } from './row.js';

/** AND, ORR, EOR, ANDS, as `opc` encodes them. */
enum Logic { AND, ORR, EOR, ANDS }

/**
 * DecodeBitMasks of the Arm ARM's shared pseudocode, for an immediate; `undefined` where reserved.
 *
 * @experimental
 */
export function bitMaskImmediate(sf: number, N: number, imms: number, immr: number): bigint | undefined {
  const length = 31 - Math.clz32((N << 6) | (~imms & 0x3f));
  if (length < 1 || (sf === 0 && N === 1)) return undefined;
  const size = 1 << length;
  const levels = size - 1;
  const s = imms & levels;
  const r = immr & levels;
  if (s === levels) return undefined;
  const element = (1n << BigInt(s + 1)) - 1n;
  const full = (1n << BigInt(size)) - 1n;
  const rotated = ((element >> BigInt(r)) | (element << BigInt(size - r))) & full;
  let mask = 0n;
  for (let at = 0; at < (sf ? 64 : 32); at += size) mask |= rotated << BigInt(at);
  return mask;
}

const logicMask = (f: RawFields): bigint => bitMaskImmediate(f.sf!, f.N!, f.imms!, f.immr!) ?? 0n;

/** The forms of the bit-field moves: from the top of the source, or into the middle of the destination. */
enum FieldForm { Extract, Insert }

function bitField(b: A64, form: number, opc: number, sf: number, x: V, old: V, up: V, down: V, lsb: V): V {
  // SBFM and UBFM shift up to the top, then down to the place. BFM uses a mask.
  if (opc === 1) {
    const ones = sf ? b.i64(-1) : b.i32(-1);
    const extract = form === (FieldForm.Extract as number);
    const field = extract ? b.shr(x, lsb) : b.shl(x, lsb);
    const mask = extract ? b.shr(ones, down) : b.shl(b.shr(ones, up), lsb);
    return b.or(b.and(old, b.not(mask)), b.and(field, mask));
  }
  return opc === 0 ? b.sar(b.shl(x, up), down) : b.shr(b.shl(x, up), down);
}

/**
 * Data processing, immediate (Arm ARM C4.1.92).
 *
 * @experimental
 */
export const dataProcessingImmediateRows: readonly A64Row[] = [
  inst('C6.2.10', 'ADR', '0 immlo:2 10000 immhi:19 Rd:5', { operands: { offset: int((f) => signed((f.immhi << 2) | f.immlo, 21)) } },
    (b, { offset, Rd }) => b.setX(Rd, b.add(b.pc(), offset))),

  inst('C6.2.11', 'ADRP', '1 immlo:2 10000 immhi:19 Rd:5', { operands: { pages: int((f) => signed((f.immhi << 2) | f.immlo, 21)) } },
    (b, { pages, Rd }) => b.setX(Rd, b.add(b.and(b.pc(), b.imm(-4096)), b.shl(b.as(pages, 0x7e), b.imm(12))))),

  inst('C6.2.4', 'ADD, ADDS, SUB, SUBS (immediate)', 'sf:1! op:1! S:1! 100010 sh:1 imm12:12 Rn:5 Rd:5',
    { operands: { imm: int((f) => f.imm12 << (f.sh ? 12 : 0)) } },
    (b, { sf, op, S, Rn, Rd, imm }) => {
      const n = b.xsp(Rn, sf);
      if (S) b.setX(Rd, op ? b.subFlags(n, imm) : b.addFlags(n, imm));
      else b.setXsp(Rd, op ? b.sub(n, imm) : b.add(n, imm));
    }),

  inst('C6.2.12', 'AND, ORR, EOR, ANDS (immediate)', 'sf:1! opc:2! 100100 N:1 immr:6 imms:6 Rn:5 Rd:5',
    { operands: { imm: wide(logicMask) }, allocated: (f) => bitMaskImmediate(f.sf, f.N, f.imms, f.immr) !== undefined },
    (b, { sf, opc, Rn, Rd, imm }) => {
      const n = b.x(Rn, sf);
      if (opc === Logic.ANDS) b.setX(Rd, b.logicFlags(b.and(n, imm)));
      else b.setXsp(Rd, opc === Logic.AND ? b.and(n, imm) : opc === Logic.ORR ? b.or(n, imm) : b.xor(n, imm));
    }),

  inst('C6.2.254', 'MOVZ', 'sf:1 10 100101 hw:2 imm16:16 Rd:5',
    { operands: { imm: wide((f) => BigInt(f.imm16) << BigInt(16 * f.hw)) }, allocated: (f) => f.sf === 1 || f.hw < 2 },
    (b, { imm, Rd }) => b.setX(Rd, b.as(imm, 0x7e))),

  inst('C6.2.253', 'MOVN', 'sf:1 00 100101 hw:2 imm16:16 Rd:5',
    { operands: { imm: wide((f) => BigInt.asUintN(f.sf ? 64 : 32, ~(BigInt(f.imm16) << BigInt(16 * f.hw)))) }, allocated: (f) => f.sf === 1 || f.hw < 2 },
    (b, { imm, Rd }) => b.setX(Rd, b.as(imm, 0x7e))),

  inst('C6.2.252', 'MOVK', 'sf:1! 11 100101 hw:2 imm16:16 Rd:5',
    { operands: { position: small((f) => 16 * f.hw) }, allocated: (f) => f.sf === 1 || f.hw < 2 },
    (b, { sf, Rd, imm16, position }) => {
      const hole = b.not(b.shl(sf ? b.i64(0xffff) : b.i32(0xffff), position));
      b.setX(Rd, b.or(b.and(b.x(Rd, sf), hole), b.shl(b.as(imm16, sf ? 0x7e : 0x7f), position)));
    }),

  inst('C6.2.30', 'SBFM, BFM, UBFM', 'sf:1! opc:2! 100110 N:1 immr:6 imms:6 Rn:5 Rd:5',
    {
      derived: { form: derived(2, (f) => (f.imms >= f.immr ? FieldForm.Extract : FieldForm.Insert)) },
      // Extract: bits immr … imms go to the bottom. Insert: bits 0 … imms go to position width − immr.
      operands: {
        up: small((f) => (f.sf ? 63 : 31) - f.imms),
        down: small((f) => (f.imms >= f.immr ? (f.sf ? 63 : 31) - f.imms + f.immr : f.immr - f.imms - 1)),
        lsb: small((f) => (f.imms >= f.immr ? f.immr : (f.sf ? 64 : 32) - f.immr)),
      },
      valid: (f) => f.opc !== 3,
      allocated: (f) => f.N === f.sf && (f.sf === 1 || (f.immr < 32 && f.imms < 32)),
    },
    (b, { sf, opc, form, Rn, Rd, up, down, lsb }) =>
      b.setX(Rd, bitField(b, form, opc, sf, b.x(Rn, sf), b.x(Rd, sf), up, down, lsb))),

  inst('C6.2.105', 'EXTR', 'sf:1! 00 100111 N:1 0 Rm:5 imms:6 Rn:5 Rd:5',
    { derived: { zero: derived(2, (f) => (f.imms === 0 ? 1 : 0)) }, operands: { rest: small((f) => (f.sf ? 64 : 32) - f.imms) },
      allocated: (f) => f.N === f.sf && (f.sf === 1 || f.imms < 32) },
    (b, { sf, zero, Rn, Rm, Rd, imms, rest }) =>
      b.setX(Rd, zero ? b.x(Rm, sf) : b.or(b.shr(b.x(Rm, sf), imms), b.shl(b.x(Rn, sf), rest)))),
];
