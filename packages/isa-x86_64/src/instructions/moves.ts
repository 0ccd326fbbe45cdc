import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Vector } from '../builder/exits.js';
import { PackedFlag } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { typeOf } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { MemoryOperand, Operand } from '../describe/operand.js';

/** The value of an operand in another size. */
function extend(b: X86, source: Operand, size: number, signed: boolean): V {
  const value = b.read(source);
  if (!signed) return b.as(value, typeOf(size));
  if (size === 3) return source.size === 2 ? b.widenSigned(value) : b.sx(b.as(value, Ty.i64), 8 << source.size);
  return b.sx(value, 8 << source.size);
}

const move = (b: X86, [target, source]: readonly [Operand, Operand, ...Operand[]]): void =>
  b.write(target, b.read(source));

/** CMPXCHG8B, CMPXCHG16B: `size` is that of one half. Both access units of 8 bytes. */
function compareExchangePair(b: X86, target: MemoryOperand, size: number): void {
  const bytes = 1 << size;
  if (size === 3) b.raiseIf(b.ne(b.and(b.linearAddress(target), b.imm(15)), b.imm(0)), Vector.GP, true);
  const m = b.openOperand(target, 2 * bytes, 'readWrite', { element: 8 });
  const [low, high] = [0, bytes].map((offset) => b.loadAt(m, offset, bytes)) as [V, V];
  const pair = (register: Gpr): V => b.as(b.fixed(register, size), Ty.i64);
  const equal = b.and(b.eq(low, pair(Gpr.RAX)), b.eq(high, pair(Gpr.RDX)));
  b.storeAt(m, 0, bytes, b.select(equal, pair(Gpr.RBX), low));
  b.storeAt(m, bytes, bytes, b.select(equal, pair(Gpr.RCX), high));
  const keep = (register: Gpr, loaded: V): void =>
    b.setFixed(register, 3, b.select(equal, b.fixed(register, 3), loaded));
  keep(Gpr.RAX, low);
  keep(Gpr.RDX, high);
  // Only ZF changes.
  const others = b.and(b.packedFlags(), b.imm(~PackedFlag.ZF));
  b.setPackedFlags(b.or(others, b.flag(equal, PackedFlag.ZF)));
}

/** Data transfer (SDM vol. 1, 5.1.1). @experimental */
export const moveRows: readonly X86Row[] = [
  inst(
    'MOV',
    'MOV',
    [
      '88 Eb,Gb',
      '89 Ev,Gv',
      '8A Gb,Eb',
      '8B Gv,Ev',
      'B0+r Zb,Ib',
      'B8+r Zv,Iv',
      'C6 /0 Eb,Ib',
      'C7 /0 Ev,Iz',
      'A0 AL,Ob',
      'A1 rAX,Ov',
      'A2 Ob,AL',
      'A3 Ov,rAX',
    ],
    {},
    move,
  ),
  inst(
    'MOVBE',
    'MOVBE',
    ['NR 0F 38 F0 Gv,Mv', 'NR 0F 38 F1 Mv,Gv'],
    { feature: 'movbe' },
    (b, [target, source], { size }) => b.write(target, swapped(b, b.read(source), size)),
  ),
  inst('MOVZX', 'MOVZX', ['0F B6 Gv,Eb', '0F B7 Gv,Ew'], {}, (b, [target, source]) =>
    b.write(target, extend(b, source, target.size, false)),
  ),
  inst('MOVSX', 'MOVSX, MOVSXD', ['0F BE Gv,Eb', '0F BF Gv,Ew', '63 Gv,Ez o64'], {}, (b, [target, source]) =>
    b.write(target, extend(b, source, target.size, true)),
  ),
  inst('LEA', 'LEA', ['8D Gv,M'], {}, (b, [target, source]) =>
    b.write(target, b.as(b.effectiveAddress(source as MemoryOperand), typeOf(target.size))),
  ),
  inst('XCHG', 'XCHG', ['86 Eb,Gb lock', '87 Ev,Gv lock', '90+r Zv,rAX'], {}, (b, [target, source]) => {
    const [x, y] = [b.modify(target), b.read(source)];
    b.write(source, x);
    b.write(target, y);
  }),
  inst('BSWAP', 'BSWAP', ['0F C8+r Zv'], {}, (b, [target], { size }) =>
    // Of 16 bits, the result is undefined; processors clear them.
    b.write(target, size === 1 ? b.i32(0) : b.reverseBytes(b.read(target), 1 << size)),
  ),
  inst('CMOVcc', 'CMOVcc', ['0F 40+cc Gv,Ev'], { cc: true, feature: 'cmov' }, (b, [target, source], { cc, size }) => {
    const value = b.select(b.cond(cc), b.read(source), b.read(target));
    // The upper half is cleared even if nothing is moved.
    b.write(target, b.as(value, typeOf(size)));
  }),
  inst('SETcc', 'SETcc', ['0F 90+cc Eb'], { cc: true }, (b, [target], { cc }) => b.write(target, b.cond(cc))),
  inst('CMPXCHG8B', 'CMPXCHG8B', ['0F C7 /1 M W0 lock'], { feature: 'cx8' }, (b, [target]) =>
    compareExchangePair(b, target as MemoryOperand, 2),
  ),
  inst('CMPXCHG8B', 'CMPXCHG16B', ['0F C7 /1 M W1 lock'], { feature: 'cx16' }, (b, [target]) =>
    compareExchangePair(b, target as MemoryOperand, 3),
  ),
  inst('XLAT', 'XLAT', ['D7'], { string: 'rep' }, (b, _, info) => {
    const { addressSize } = info;
    const at = b.add(b.fixed(Gpr.RBX, addressSize), b.as(b.fixed(Gpr.RAX, 0), typeOf(addressSize)));
    const m = b.openIn(info, b.cut(at, addressSize), 1, 'read');
    b.setFixed(Gpr.RAX, 0, b.loadAt(m, 0, 1, false, Ty.i32));
  }),
  inst('MOV', 'MOV (from segment register)', ['8C Ev,Sw'], {}, (b, [target, source]) => {
    if (source.kind !== 'register') throw new Error('a segment register');
    const selector = b.selector(source.register);
    if (target.kind === 'memory') b.write({ ...target, size: 1 }, selector);
    else b.write(target, b.as(selector, typeOf(target.size)));
  }),
];

function swapped(b: X86, value: V, size: number): V {
  if (size > 1) return b.reverseBytes(value, 1 << size);
  return b.cut(b.or(b.shl(value, b.imm(8)), b.shr(value, b.imm(8))), 1);
}
