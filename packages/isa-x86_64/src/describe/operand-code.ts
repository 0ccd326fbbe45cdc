/**
 * Where an operand is, in the letters of the opcode maps (SDM vol. 2, A.2.1).
 *
 * @experimental
 */
export type OperandPlace =
  | 'rm'
  | 'memory'
  | 'rm-register'
  | 'reg'
  | 'vvvv'
  | 'is4'
  | 'opcode'
  | 'immediate'
  | 'relative'
  | 'fixed'
  | 'offset'
  | 'pointer'
  | 'size';

/** The kind of an operand: a general register, a vector register and so on. @experimental */
export type OperandClass = 'general' | 'xmm' | 'mmx' | 'segment' | 'control' | 'debug' | 'none';

/**
 * An operand of an encoding as the opcode maps write it, such as `Ev` or `Ib`.
 *
 * @experimental
 */
export interface OperandCode {
  /** The text, such as `Ev`. */
  readonly text: string;
  /** Where it is encoded. */
  readonly place: OperandPlace;
  /** Which registers it names. */
  readonly registers: OperandClass;
  /** The letter of its size: see {@link sizeOf}. */
  readonly type: string;
  /** Number of a fixed register, or the value of a fixed number. */
  readonly fixed: number;
  /** Of an operand in memory whose index register is a vector, in `Yd:x`: the type of that register. */
  readonly vectorIndex?: string;
  /** Of a destination, in `Vx=Hx`: the register with the first source; without it, the destination is that source, too. */
  readonly first?: OperandCode;
}

const PLACES: Readonly<Record<string, readonly [OperandPlace, OperandClass]>> = {
  E: ['rm', 'general'],
  G: ['reg', 'general'],
  M: ['memory', 'none'],
  Y: ['memory', 'none'],
  R: ['rm-register', 'general'],
  Z: ['opcode', 'general'],
  I: ['immediate', 'none'],
  J: ['relative', 'none'],
  O: ['offset', 'none'],
  A: ['pointer', 'none'],
  V: ['reg', 'xmm'],
  W: ['rm', 'xmm'],
  U: ['rm-register', 'xmm'],
  H: ['vvvv', 'xmm'],
  L: ['is4', 'xmm'],
  B: ['vvvv', 'general'],
  P: ['reg', 'mmx'],
  Q: ['rm', 'mmx'],
  N: ['rm-register', 'mmx'],
  S: ['reg', 'segment'],
  C: ['reg', 'control'],
  D: ['reg', 'debug'],
};

/** Registers that an opcode names, with their sizes: `rAX` has the operand size. */
const FIXED: Readonly<Record<string, readonly [number, string]>> = {
  AL: [0, 'b'],
  CL: [1, 'b'],
  AX: [0, 'w'],
  DX: [2, 'w'],
  rAX: [0, 'v'],
  eAX: [0, 'z'],
};

/** Segment registers that an opcode names, by number. */
const FIXED_SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];

/** Parses the text of an operand. @throws Error for an unknown one, which is an error in a table. @experimental */
export function parseOperandCode(text: string): OperandCode {
  const [target, first] = text.split('=');
  if (first !== undefined) return { ...parseOperandCode(target as string), text, first: parseOperandCode(first) };
  const fixed = FIXED[text];
  if (fixed) return { text, place: 'fixed', registers: 'general', type: fixed[1], fixed: fixed[0] };
  const segment = FIXED_SEGMENTS.indexOf(text);
  if (segment >= 0) return { text, place: 'fixed', registers: 'segment', type: 'w', fixed: segment };
  // An operand that is only an operand size: instructions with implicit operands.
  if (text === 'bytes') return { text, place: 'size', registers: 'none', type: 'b', fixed: 0 };
  if (text === 'sy') return { text, place: 'size', registers: 'none', type: 'y', fixed: 0 };
  if (text === 'sz') return { text, place: 'size', registers: 'none', type: 'v', fixed: 0 };
  if (text === '1') return { text, place: 'fixed', registers: 'none', type: 'b', fixed: 1 };
  const [place, registers] = PLACES[text[0] as string] ?? [];
  if (place === undefined || registers === undefined) throw new Error(`unknown operand ${text}`);
  const [type = '', vectorIndex] = text.slice(1).split(':');
  return { text, place, registers, type, fixed: 0, ...(vectorIndex === undefined ? {} : { vectorIndex }) };
}

/** log2 of sizes in bytes, by the letters of the opcode maps; others depend on the operand size. */
const SIZES: Readonly<Record<string, number>> = { b: 0, w: 1, d: 2, q: 3, dq: 4, ps: 4, pd: 4, ss: 2, sd: 3, qq: 5 };

/** The places of operands, also of the first sources of destinations. @experimental */
export const placesOf = (operands: readonly OperandCode[]): readonly OperandPlace[] =>
  operands.flatMap(({ place, first }) => (first ? [place, first.place] : [place]));

/** log2 of the bytes of an XMM register. @experimental */
export const VECTOR = 4;

/**
 * log2 of the size in bytes of an operand of a type, for an operand size (1–3). `v`: the operand size; `y`: 32 or 64
 * bits; `z`: 16 or 32 bits; `x`: a vector, 128 bits unless VEX.L is set; `x/2`, `x/4`, `x/8`: a part of one; `p`: a far pointer, by the size of its offset; no letter: unsized, 0.
 *
 * @experimental
 */
export function sizeOf(type: string, operandSize: number, vectorSize = VECTOR): number {
  switch (type) {
    case 'x':
      return vectorSize;
    case 'x/2':
    case 'x/4':
    case 'x/8':
      return vectorSize - Math.log2(Number(type.slice(2)));
    case 'v':
    case 'p':
      return operandSize;
    case 'y':
      return Math.max(2, operandSize);
    case 'z':
      return Math.min(2, operandSize);
    case '':
      return 0;
    default: {
      const size = SIZES[type];
      if (size === undefined) throw new Error(`unknown operand type ${type}`);
      return size;
    }
  }
}
