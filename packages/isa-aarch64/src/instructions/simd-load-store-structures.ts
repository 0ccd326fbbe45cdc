import { derived, register, small, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { splatElement } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import { bytes, lanes, lowestLane, maskedBase, setKept, splat } from './simd-common.js';

/** Number of registers of the multiple forms by `opcode`, and whether their elements alternate in memory. */
const MULTIPLE: Readonly<Record<number, { readonly count: number; readonly interleaved: boolean }>> = {
  0b0000: { count: 4, interleaved: true },
  0b0010: { count: 4, interleaved: false },
  0b0100: { count: 3, interleaved: true },
  0b0110: { count: 3, interleaved: false },
  0b0111: { count: 1, interleaved: false },
  0b1000: { count: 2, interleaved: true },
  0b1010: { count: 2, interleaved: false },
};

/** Largest access that the slow path's buffer supports. */
const CHUNK = 32;

/** Registers after the first one. */
const others = {
  Rt2: register(({ Rt }: { Rt: number }) => (Rt + 1) & 31),
  Rt3: register(({ Rt }: { Rt: number }) => (Rt + 2) & 31),
  Rt4: register(({ Rt }: { Rt: number }) => (Rt + 3) & 31),
};

interface Base {
  readonly post: number;
  readonly Rm: number;
  readonly Rn: number;
}

/** Without post-index, the base register is written back unchanged, so that both forms share a handler. */
const step = register(({ post, Rm }: Base) => (post ? Rm : 31));

/**
 * Fields combined to save room in the record: bits 0–3 are the lane (or Q), 4–10 an immediate post-index, 12–15 are
 * ones if the base is SP.
 */
const packed = (f: Base, total: number, lane: number): number =>
  lane | (f.post && f.Rm === 31 ? total << 4 : 0) | (f.Rn === 31 ? 0xf000 : 0);

const withoutOffset = ({ post, Rm }: Base): boolean => post === 1 || Rm === 0;

/** Returns the address and queues the write-back. */
function address(b: A64, Rn: Reg, Rs: Reg, pack: V): V {
  const base = maskedBase(b, Rn, b.shr(b.as(pack, Ty.i32), b.imm(12)));
  const immediate = b.and(b.shr(b.as(pack, Ty.i64), b.imm(4)), b.imm(0x7f));
  b.setXsp(Rn, b.add(base, b.add(b.x(Rs, 1), immediate)));
  return base;
}

/** Selects 16 bytes of up to four adjacent vectors: byte `i` is byte `picks[i]`. */
function gather(b: A64, sources: readonly V[], picks: readonly number[]): V {
  const pair = (first: number): V => {
    const x = sources[first] as V;
    const local = picks.map((p) => (p >> 5 === first >> 1 ? p & 31 : 0));
    return b.shuffle(x, sources[first + 1] ?? x, local);
  };
  if (sources.length <= 2) return pair(0);
  return b.shuffle(
    pair(0),
    pair(2),
    picks.map((p, i) => (p < 32 ? i : 16 + i)),
  );
}

/** Opens a range in chunks; the result maps an offset in the range to a chunk and an offset in it. */
function openChunks(b: A64, va: V, total: number, element: number, L: number): (offset: number) => [V, number] {
  const opened: V[] = [];
  for (let at = 0; at < total; at += CHUNK) {
    opened.push(b.open(b.add(va, b.imm(at)), Math.min(CHUNK, total - at), L ? 'read' : 'write', { element }));
  }
  return (offset) => [opened[Math.floor(offset / CHUNK)] as V, offset % CHUNK];
}

/** Loads memory as vectors; the last one may hold 8 bytes only. */
function loadVectors(b: A64, at: (offset: number) => [V, number], total: number): V[] {
  const result: V[] = [];
  for (let offset = 0; offset < total; offset += 16) {
    const [m, o] = at(offset);
    result.push(total - offset >= 16 ? b.loadAt(m, o, 16) : b.vectorFrom64(b.loadAt(m, o, 8)));
  }
  return result;
}

interface Layout {
  readonly count: number;
  readonly interleaved: boolean;
  /** Size of a register and of an element in bytes. */
  readonly width: number;
  readonly element: number;
}

/** Offset in memory of byte `i` of register `r`. */
function memoryByte({ count, interleaved, width, element }: Layout, r: number, i: number): number {
  return interleaved ? (Math.floor(i / element) * count + r) * element + (i % element) : r * width + i;
}

/** For each byte in memory, the index of its byte in the adjacent registers (16 bytes each). */
function registerBytes(layout: Layout): number[] {
  const result: number[] = [];
  for (let r = 0; r < layout.count; r++) {
    for (let i = 0; i < layout.width; i++) result[memoryByte(layout, r, i)] = r * 16 + i;
  }
  return result;
}

function loadMultiple(b: A64, regs: readonly Reg[], at: (offset: number) => [V, number], layout: Layout): void {
  const memory = loadVectors(b, at, layout.count * layout.width);
  regs.forEach((R, r) => {
    const picks = Array.from({ length: 16 }, (_, i) => (i < layout.width ? memoryByte(layout, r, i) : 0));
    const whole = layout.width === 16 && !layout.interleaved;
    b.setVq(R, whole ? (memory[r] as V) : gather(b, memory, picks), layout.width === 16 ? 1 : 0);
  });
}

function storeMultiple(b: A64, regs: readonly Reg[], at: (offset: number) => [V, number], layout: Layout): void {
  const sources = regs.map((R) => b.v(R));
  const from = registerBytes(layout);
  for (let offset = 0; offset < from.length; offset += 16) {
    const [m, o] = at(offset);
    const picks = Array.from({ length: 16 }, (_, i) => from[offset + i] ?? 0);
    const block = gather(b, sources, picks);
    if (from.length - offset >= 16) b.storeAt(m, o, 16, block);
    else b.storeAt(m, o, 8, b.extractLane('i64x2_extract_lane', block, 0));
  }
}

const multiple = inst(
  'C7.2',
  'LD1–LD4, ST1–ST4 (multiple structures)',
  '0 Q:1! 001100 post:1 L:1! 0 Rm:5 opcode:4! size:2! Rn:5 Rt:5',
  {
    operands: { ...others, Rs: step, pack: small((f) => packed(f, (MULTIPLE[f.opcode]?.count ?? 0) * (8 << f.Q), 0)) },
    valid: ({ opcode, size, Q }) =>
      MULTIPLE[opcode] !== undefined && !(MULTIPLE[opcode].interleaved && size === 3 && Q === 0),
    allocated: withoutOffset,
  },
  (b, { Q, L, opcode, size, Rn, Rs, Rt, Rt2, Rt3, Rt4, pack }) => {
    const layout = {
      ...(MULTIPLE[opcode] as { count: number; interleaved: boolean }),
      width: 8 << Q,
      element: 1 << size,
    };
    const va = address(b, Rn, Rs, pack);
    const at = openChunks(b, va, layout.count * layout.width, layout.element, L);
    const regs = [Rt, Rt2, Rt3, Rt4].slice(0, layout.count);
    if (L) loadMultiple(b, regs, at, layout);
    else storeMultiple(b, regs, at, layout);
  },
);

interface Single {
  readonly Q: number;
  readonly S: number;
  readonly size: number;
  readonly opcode: number;
}

/** log2 of the bytes of an element; −1 where not allocated. */
function singleScale({ opcode, size, S }: Single): number {
  if (opcode === 0) return 0;
  if (opcode === 1) return size & 1 ? -1 : 1;
  if (opcode === 2 && size === 0) return 2;
  return opcode === 2 && size === 1 && S === 0 ? 3 : -1;
}

const singleLane = (f: Single): number => ((f.Q << 3) | (f.S << 2) | f.size) >> singleScale(f);

/** Replaces lane `lane` (an i32) of `v`. */
function insertLane(b: A64, scale: number, v: V, lane: V, replacement: V): V {
  const numbers = bytes(b, (i) => (i % (1 << scale) === 0 ? i >> scale : 0));
  const mask = lanes(b, 'eq', scale, numbers, splat(b, scale, lane));
  return b.simd('v128_bitselect', splat(b, scale, replacement), v, mask);
}

const single = inst(
  'C7.2',
  'LD1–LD4, ST1–ST4 (single structure)',
  '0 Q:1 001101 post:1 L:1! R:1! Rm:5 opcode:2 more:1! S:1 size:2 Rn:5 Rt:5',
  {
    operands: {
      ...others,
      Rs: step,
      pack: small((f) => packed(f, (f.more * 2 + f.R + 1) << singleScale(f), singleLane(f))),
    },
    derived: { scale: derived(4, singleScale) },
    allocated: (f) => withoutOffset(f) && singleScale(f) >= 0,
  },
  (b, { L, R, more, scale, Rn, Rs, Rt, Rt2, Rt3, Rt4, pack }) => {
    const count = more * 2 + R + 1;
    const element = 1 << scale;
    const va = address(b, Rn, Rs, pack);
    const m = b.open(va, count * element, L ? 'read' : 'write', { element });
    const lane = b.and(b.as(pack, Ty.i32), b.imm(15));
    [Rt, Rt2, Rt3, Rt4].slice(0, count).forEach((T, i) => {
      if (L) {
        const loaded = b.loadAt(m, i * element, element, false, scale === 3 ? Ty.i64 : Ty.i32);
        b.setV(T, insertLane(b, scale, b.v(T), lane, loaded));
      } else {
        const chosen = splatElement(b, b.v(T), b.shl(lane, b.imm(scale)), element);
        b.storeAt(m, i * element, element, lowestLane(b, scale, chosen));
      }
    });
  },
);

const replicate = inst(
  'C7.2',
  'LD1R–LD4R',
  '0 Q:1 001101 post:1 1 R:1! Rm:5 11 more:1! 0 size:2! Rn:5 Rt:5',
  {
    operands: { ...others, Rs: step, pack: small((f) => packed(f, (f.more * 2 + f.R + 1) << f.size, f.Q)) },
    allocated: withoutOffset,
  },
  (b, { R, more, size, Rn, Rs, Rt, Rt2, Rt3, Rt4, pack }) => {
    const count = more * 2 + R + 1;
    const element = 1 << size;
    const va = address(b, Rn, Rs, pack);
    const m = b.open(va, count * element, 'read', { element });
    const kept = b.neg(b.and(b.as(pack, Ty.i64), b.imm(1)));
    [Rt, Rt2, Rt3, Rt4].slice(0, count).forEach((T, i) => {
      setKept(b, T, splat(b, size, b.loadAt(m, i * element, element, false, size === 3 ? Ty.i64 : Ty.i32)), kept);
    });
  },
);

/** Loads and stores of structures. @experimental */
export const simdStructureRows: readonly A64Row[] = withFpCheck([multiple, single, replicate]);
