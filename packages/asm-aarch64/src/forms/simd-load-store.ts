import { assembleOnly, form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { signedImmediate, signExtend, target, unsigned } from '../operands/immediates.js';
import { base, indexed, preIndexed, signedOffset, withOffset } from '../operands/memory.js';
import { x } from '../operands/registers.js';
import { constant } from '../operands/immediates.js';
import { arrangementOf, LETTERS, registerList, scalar } from '../operands/vectors.js';
import type { IndexCodec, Letter } from '../operands/vectors.js';

/** Registers by log2 of their size, with the encoding of the size in `size` and the upper bit of `opc`. */
const REGISTERS = [...LETTERS].map((letter, scale) => ({ letter, scale, size: scale & 3, wide: scale === 4 ? 2 : 0 }));

/** Forms for stores and loads of all sizes. */
const transfers = (kind: '' | 'u', fixed: Readonly<Record<string, number>>, address: (scale: number) => readonly Operand[]): Form[] =>
  REGISTERS.flatMap(({ letter, scale, size, wide }) =>
    ['st', 'ld'].map((name, load) => form(`${name}${kind}r`, { size, opc: wide | load, ...fixed }, [scalar(letter, 'Rt'), ...address(scale)])));

/** The offset of LDUR, which overlaps the offset field of LDR. */
const unscaledOffset: Operand = {
  format: (f) => `#${signExtend(((f.imm12 as number) >> 2) & 0x1ff, 9)}`,
  parse(cursor, draft) {
    const at = cursor.next;
    const value = cursor.immediate();
    if (value < -256n || value > 255n) cursor.fail('an offset of -256 to 255', at);
    draft.imm12 = (Number(value) & 0x1ff) << 2;
  },
};
const unscaled = withOffset(unscaledOffset, { imm12: 0 });

const PAIRS = (['s', 'd', 'q'] as const).flatMap((letter, opc) => ['st', 'ld'].map((name, L) => ({ name, letter, opc, L, scale: 4 << opc })));
const pairs = (make: (name: string, fixed: { opc: number; L: number }, registers: readonly Operand[], scale: number) => readonly Form[]): Form[] =>
  PAIRS.flatMap(({ name, letter, opc, L, scale }) => make(name, { opc, L }, [scalar(letter, 'Rt'), scalar(letter, 'Rt2')], scale));

/** Multiple structures: registers, structure size and opcode. */
const MULTIPLE = [[1, 1, 7], [2, 1, 10], [3, 1, 6], [4, 1, 2], [2, 2, 8], [3, 3, 4], [4, 4, 0]] as const;

/** The three addressing modes: no offset, a post-index by the size, a post-index by a register. */
const structureAddresses = (total: number): readonly (readonly [Readonly<Record<string, number>>, readonly Operand[]])[] => [
  [{ post: 0, Rm: 0 }, [base()]],
  [{ post: 1, Rm: 31 }, [base(), constant(total)]],
  [{ post: 1 }, [base(), x('Rm')]],
];

function multiple(): Form[] {
  return ['st', 'ld'].flatMap((name, L) => [0, 1, 2, 3].flatMap((size) => [0, 1].flatMap((Q) => MULTIPLE.flatMap(([count, structure, opcode]) =>
    structureAddresses(count * (8 << Q)).map(([fixed, address]) =>
      form(`${name}${structure}`, { L, size, Q, opcode, ...fixed }, [registerList(arrangementOf(size, Q), 'Rt', count), ...address]))))));
}

/** The lane number is in Q:S:size above the bit of the size; the bits below are fixed. */
const laneIndex = (scale: number): IndexCodec => ({
  of: ({ Q = 0, S = 0, size = 0 }) => {
    const bits = (Q << 3) | (S << 2) | size;
    return (bits & ((1 << scale) - 1)) === (scale === 3 ? 1 : 0) ? bits >> scale : undefined;
  },
  limit: 16 >> scale,
  set(index, draft) {
    const bits = (index << scale) | (scale === 3 ? 1 : 0);
    Object.assign(draft, { Q: bits >> 3, S: (bits >> 2) & 1, size: bits & 3 });
  },
});

/** For structures of 1 to 4 elements. */
const STRUCTURES = [1, 2, 3, 4].map((count) => ({ count, R: (count - 1) & 1, more: (count - 1) >> 1 }));

function single(): Form[] {
  return ['st', 'ld'].flatMap((name, L) => [0, 1, 2, 3].flatMap((scale) => STRUCTURES.flatMap(({ count, R, more }) =>
    structureAddresses(count << scale).map(([fixed, address]) =>
      form(`${name}${count}`, { L, R, more, opcode: Math.min(scale, 2), ...fixed }, [registerList(LETTERS[scale] as Letter, 'Rt', count, laneIndex(scale)), ...address])))));
}

function replicated(): Form[] {
  return STRUCTURES.flatMap(({ count, R, more }) => [0, 1, 2, 3].flatMap((size) => [0, 1].flatMap((Q) =>
    structureAddresses(count << size).map(([fixed, address]) =>
      form(`ld${count}r`, { R, more, size, Q, ...fixed }, [registerList(arrangementOf(size, Q), 'Rt', count), ...address])))));
}

/** Syntax of the rows of SIMD&FP loads and stores. */
export const simdLoadStoreForms: FormTable = {
  'LDR, STR (immediate, SIMD&FP) with an offset, LDUR, STUR (SIMD&FP)': [
    ...transfers('', { scaled: 1 }, (scale) => [withOffset(unsigned('imm12', 12, { scale: 1 << scale, decimal: true }), { imm12: 0 })]),
    ...transfers('u', { scaled: 0 }, () => [unscaled]),
    ...transfers('', { scaled: 0 }, () => [unscaled]).map(assembleOnly),
  ],
  'LDR, STR (immediate, SIMD&FP) with write-back': [
    ...transfers('', { pre: 1 }, () => [preIndexed(signedOffset('imm9', 9))]),
    ...transfers('', { pre: 0 }, () => [base(), signedImmediate('imm9', 9)]),
  ],
  'LDR, STR (register, SIMD&FP)': transfers('', {}, (scale) => [indexed(scale)]),
  'LDR (literal, SIMD&FP)': (['s', 'd', 'q'] as const).map((letter, opc) => form('ldr', { opc }, [scalar(letter, 'Rt'), target('imm19', 19)])),
  'LDP, STP (SIMD&FP) with an offset, LDNP, STNP (SIMD&FP)': pairs((name, fixed, registers, scale) => {
    const address = withOffset(signedOffset('imm7', 7, scale), { imm7: 0 });
    return [form(`${name}np`, { ...fixed, allocate: 0 }, [...registers, address]), form(`${name}p`, { ...fixed, allocate: 1 }, [...registers, address])];
  }),
  'LDP, STP (SIMD&FP) with write-back': pairs((name, fixed, registers, scale) => [
    form(`${name}p`, { ...fixed, pre: 1 }, [...registers, preIndexed(signedOffset('imm7', 7, scale))]),
    form(`${name}p`, { ...fixed, pre: 0 }, [...registers, base(), signedImmediate('imm7', 7, scale)]),
  ]),
  'LD1–LD4, ST1–ST4 (multiple structures)': multiple(),
  'LD1–LD4, ST1–ST4 (single structure)': single(),
  'LD1R–LD4R': replicated(),
};
