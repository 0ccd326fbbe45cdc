/**
 * Bits `high` … `low` of an instruction word.
 *
 * @experimental
 */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & (2 ** (high - low + 1) - 1);

/**
 * How an instruction word forms the address of its memory access; only as far as tests need it to aim the access (Arm
 * ARM C4.1.94).
 */
export interface Access {
  readonly kind: 'literal' | 'base' | 'index';
  /** Offset that the instruction adds to the base before the access. */
  readonly offset: number;
  /** Required alignment of the access; 1 for none. */
  readonly align: number;
  /** log2 of the scale of an index register. */
  readonly scale: number;
  readonly writeBack: boolean;
}

const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);
const access = (offset: number, more: Partial<Access> = {}): Access => ({
  kind: 'base',
  offset,
  align: 1,
  scale: 0,
  writeBack: false,
  ...more,
});

/**
 * The memory access of a word of the "loads and stores" group, or `undefined` outside it.
 *
 * @experimental
 */
export function accessOf(word: number): Access | undefined {
  if (bits(word, 27, 27) !== 1 || bits(word, 25, 25) !== 0) return undefined;
  const group = bits(word, 29, 27);
  if (group === 0b001) return groupOne(word);
  if (group === 0b011)
    return bits(word, 24, 24) ? access(signed(bits(word, 20, 12), 9), { align: 16 }) : access(0, { kind: 'literal' });
  if (group === 0b101) return pair(word);
  return register(word);
}

/** Exclusives and structures. */
function groupOne(word: number): Access {
  const vector = bits(word, 26, 26) === 1;
  return vector ? access(0, { writeBack: bits(word, 23, 23) === 1 }) : access(0, { align: 16 });
}

function pair(word: number): Access {
  const opc = bits(word, 31, 30);
  const scale = bits(word, 26, 26) ? 2 + opc : opc === 2 ? 3 : 2;
  const mode = bits(word, 24, 23);
  const offset = signed(bits(word, 21, 15), 7) << scale;
  return access(mode === 1 ? 0 : offset, { writeBack: (mode & 1) === 1 });
}

function register(word: number): Access {
  const vector = bits(word, 26, 26) === 1;
  const scale = vector && bits(word, 23, 23) ? 4 : bits(word, 31, 30);
  if (bits(word, 24, 24)) return access(bits(word, 21, 10) << scale);
  const form = bits(word, 11, 10);
  if (bits(word, 21, 21)) {
    if (form === 2) return access(0, { kind: 'index', scale: bits(word, 12, 12) ? scale : 0 });
    return access(0, { align: 16 });
  }
  const offset = signed(bits(word, 20, 12), 9);
  return access(form === 1 ? 0 : offset, { writeBack: (form & 1) === 1 });
}

/** Whether a word may transfer control. */
export function isBranch(word: number): boolean {
  return bits(word, 28, 26) === 0b101;
}

/** Position of an immediate branch's distance (in words); `undefined` for other words. */
export function branchField(word: number): { readonly shift: number; readonly width: number } | undefined {
  if (bits(word, 30, 26) === 0b00101) return { shift: 0, width: 26 };
  if (bits(word, 30, 25) === 0b011010 || bits(word, 31, 25) === 0b0101010) return { shift: 5, width: 19 };
  if (bits(word, 30, 25) === 0b011011) return { shift: 5, width: 14 };
  return undefined;
}

/** The distance in words of an immediate branch; `undefined` for others. */
export function branchDistance(word: number): number | undefined {
  const field = branchField(word);
  return field && signed(bits(word, field.shift + field.width - 1, field.shift), field.width);
}

/** Whether base and index of an address are the same register, so that the access cannot be aimed. */
export function indexesItself(word: number): boolean {
  return accessOf(word)?.kind === 'index' && bits(word, 20, 16) === bits(word, 9, 5);
}

/** The registers that a compare-and-swap compares, and their size in bytes; `undefined` for other words. */
export function comparedRegisters(
  word: number,
): { readonly first: number; readonly count: number; readonly bytes: number } | undefined {
  if (bits(word, 29, 24) !== 0b001000 || bits(word, 21, 21) === 0) return undefined;
  const first = bits(word, 20, 16);
  if (bits(word, 23, 23)) return { first, count: 1, bytes: 1 << bits(word, 31, 30) };
  return bits(word, 31, 31) ? undefined : { first, count: 2, bytes: 4 << bits(word, 30, 30) };
}

/** Whether a word branches to the address in register Rn. */
export function branchesToRegister(word: number): boolean {
  return bits(word, 31, 25) === 0b1101011;
}

/** Whether the Arm ARM permits several behaviours of the word (CONSTRAINED UNPREDICTABLE). */
export function isUnpredictable(word: number): boolean {
  const a = accessOf(word);
  if (!a) return false;
  const [t, n, t2, s] = [bits(word, 4, 0), bits(word, 9, 5), bits(word, 14, 10), bits(word, 20, 16)];
  const vector = bits(word, 26, 26) === 1;
  const group = bits(word, 29, 27);
  if (group === 0b101) {
    const load = bits(word, 22, 22) === 1;
    return (load && t === t2) || (!vector && a.writeBack && n !== 31 && (t === n || t2 === n));
  }
  if (group === 0b111) return !vector && a.writeBack && n !== 31 && t === n;
  if (group === 0b001 && !vector) {
    const [o2, load, pairs] = [bits(word, 23, 23), bits(word, 22, 22), bits(word, 21, 21)];
    if (o2 === 0 && load === 1) return pairs === 1 && t === t2;
    if (o2 === 0) return s === t || (pairs === 1 && s === t2) || (s === n && n !== 31);
  }
  return false;
}

/**
 * The load, into other registers, that arms the exclusive monitor for a store-exclusive word; `undefined` for other
 * words.
 */
export function exclusiveLoadFor(word: number): number | undefined {
  if (bits(word, 29, 24) !== 0b001000 || bits(word, 23, 22) !== 0) return undefined;
  if (bits(word, 21, 21) === 1 && bits(word, 31, 31) === 0) return undefined;
  const used = [bits(word, 4, 0), bits(word, 9, 5), bits(word, 14, 10), bits(word, 20, 16)];
  const free = [24, 25, 26, 27, 28, 29].filter((r) => !used.includes(r)) as [number, number];
  const second = bits(word, 21, 21) ? free[1] : 31;
  return ((word & 0xffe0_03e0) | (1 << 22) | (31 << 16) | (second << 10) | (free[0] as number)) >>> 0;
}
