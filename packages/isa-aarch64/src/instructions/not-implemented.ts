import { parsePattern } from '@qvm/jit';
import type { Pattern } from '@qvm/jit';

/**
 * Encodings that the Arm architecture allocates but that are not implemented on purpose; they are UNDEFINED.
 *
 * @experimental
 */
export interface NotImplemented {
  /** The feature's name in the Arm ARM (A2), or the reason why the encodings are not needed. */
  readonly feature: string;
  readonly encodings: readonly Pattern[];
}

const list = (feature: string, ...patterns: readonly string[]): NotImplemented => ({
  feature,
  encodings: patterns.map((pattern) => parsePattern(pattern)),
});

/**
 * All encodings that are omitted. The ID registers of the vCPU report none of these features.
 *
 * @experimental
 */
export const notImplemented: readonly NotImplemented[] = [
  list('permanently undefined: UDF', '0000000000000000 imm16:16'),
  list('FEAT_SVE', 'op:3 0010 x:25'),
  list('FEAT_SME', '1 op:2 0000 x:25'),

  list('FEAT_MTE',
    '1 op:1 0 100011 0 imm6:6 op3:2 imm4:4 Rn:5 Rd:5',
    '1 0 S:1 11010110 Rm:5 000000 Rn:5 Rd:5',
    '1 0 0 11010110 Rm:5 00010 x:1 Rn:5 Rd:5',
    '11011001 opc:2 1 imm9:9 op2:2 Rn:5 Rt:5',
    '01 101 0 0 mode:2 0 imm7:7 Rt2:5 Rn:5 Rt:5'),
  list('FEAT_PAuth',
    '1 1 0 11010110 00001 opcode:6 Rn:5 Rd:5',
    '1 0 0 11010110 Rm:5 001100 Rn:5 Rd:5',
    '11 111 0 00 M:1 S:1 1 imm9:9 W:1 1 Rn:5 Rt:5',
    '1101011 Z:1 opc:3 11111 00001 M:1 Rn:5 Rm:5'),
  list('FEAT_LRCPC2', 'size:2 011001 opc:2 0 imm9:9 00 Rn:5 Rt:5'),
  list('FEAT_LS64',
    '11 111 0 00 00 1 11111 1 op:1 01 00 Rn:5 Rt:5',
    '11 111 0 00 00 1 Rs:5 1 01 op:1 00 Rn:5 Rt:5'),
  list('FEAT_MOPS', '00 011 o0:1 01 op1:2 0 Rs:5 op2:4 01 Rn:5 Rd:5'),
  list('FEAT_CSSC',
    'sf:1 1 0 11010110 00000 000110 Rn:5 Rd:5',
    'sf:1 1 0 11010110 00000 000111 Rn:5 Rd:5',
    'sf:1 1 0 11010110 00000 001000 Rn:5 Rd:5',
    'sf:1 0 0 11010110 Rm:5 0110 opc:2 Rn:5 Rd:5',
    'sf:1 0 0 1000111 opc:4 imm8:8 Rn:5 Rd:5'),
  list('FEAT_FlagM',
    '1 0 1 11010000 imm6:6 00001 Rn:5 0 mask:4',
    '0 0 1 11010000 000000 sz:1 0010 Rn:5 0 1101'),
  list('FEAT_HBC', '01010100 imm19:19 1 cond:4'),
  list('FEAT_TME', '11010100 011 imm16:16 000 00', '11010101 00000011 0011 0000 011 11111', '11010101 0010 0011 0011 000x 011 Rt:5'),
  list('FEAT_SB', '11010101 00000011 0011 0000 111 11111'),
  list('FEAT_XS', '11010101 00000011 0011 imm2:2 10 001 11111'),
  list('FEAT_WFxT', '11010101 00000011 0001 0000 00 op:1 Rt:5'),
  list('Debug state: DCPS1, DCPS2, DCPS3, DRPS', '11010100 101 imm16:16 000 LL:2', '11010110 101 11111 000000 11111 00000'),
  list('not allocated: op0 is 2 or 3 for system registers, disassemblers do not look at it',
    '1101010100 1 00 x:19',
    ...['0xxxx', 'x0xxx', 'xx0xx', 'xxx0x', 'xxxx0'].map((Rt) => `1101010100 0 00 op1:3 CRn:4 CRm:4 op2:3 ${Rt}`),
    ...['1xxx', '000x', '0101', '011x'].map((CRn) => `1101010100 0 00 op1:3 ${CRn} CRm:4 op2:3 11111`),
    ...['1xx', 'x0x', 'xx0'].map((op1) => `1101010100 0 00 ${op1} 001x CRm:4 op2:3 11111`),
    ...['00x', 'x11'].map((op2) => `1101010100 0 00 011 0011 CRm:4 ${op2} 11111`)),

  list('FEAT_FP16 (scalar arithmetic)',
    '00011110 11 1 Rm:5 opcode:4 10 Rn:5 Rd:5',
    '00011110 11 1 0000 opc:2 10000 Rn:5 Rd:5',
    '00011110 11 1 001 mode:3 10000 Rn:5 Rd:5',
    '00011110 11 1 Rm:5 001000 Rn:5 opcode2:5',
    '00011110 11 1 Rm:5 cond:4 x:1 1 Rn:5 x2:5',
    '00011110 11 1 imm8:8 100 00000 Rd:5',
    '00011111 11 o1:1 Rm:5 o0:1 Ra:5 Rn:5 Rd:5'),
  list('FEAT_FP16 (conversions from and to integers)', 'sf:1 0011110 11 1 rmode:2 opcode:3 000000 Rn:5 Rd:5', 'sf:1 0011110 11 0 rmode:2 opcode:3 scale:6 Rn:5 Rd:5'),
  list('FEAT_FP16 (vector)',
    '0 Q:1 U:1 01110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5',
    '01 U:1 11110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5',
    '0 Q:1 U:1 01110 a:1 111100 opcode:5 10 Rn:5 Rd:5',
    '01 U:1 11110 a:1 111100 opcode:5 10 Rn:5 Rd:5',
    '0 Q:1 0 01110 a:1 0 11000 01100 10 Rn:5 Rd:5',
    '0 Q:1 0 01110 a:1 0 11000 01111 10 Rn:5 Rd:5',
    '01 0 11110 a:1 0 11000 011 op:2 10 Rn:5 Rd:5',
    '0 Q:1 0 0111100000 abc:3 1111 11 defgh:5 Rd:5',
    '0 Q:1 U:1 011110 001 x:1 immb:3 11100 1 Rn:5 Rd:5',
    '0 Q:1 U:1 011110 001 x:1 immb:3 11111 1 Rn:5 Rd:5',
    '01 U:1 111110 001 x:1 immb:3 11100 1 Rn:5 Rd:5',
    '01 U:1 111110 001 x:1 immb:3 11111 1 Rn:5 Rd:5',
    '0 Q:1 0 01111 00 L:1 M:1 Rm:4 0 o2:1 01 H:1 0 Rn:5 Rd:5',
    '0 Q:1 U:1 01111 00 L:1 M:1 Rm:4 1001 H:1 0 Rn:5 Rd:5',
    '01 0 11111 00 L:1 M:1 Rm:4 0 o2:1 01 H:1 0 Rn:5 Rd:5',
    '01 U:1 11111 00 L:1 M:1 Rm:4 1001 H:1 0 Rn:5 Rd:5',
    '0 Q:1 1 01110 01 0 Rm:5 110 rot:2 1 Rn:5 Rd:5',
    '0 Q:1 1 01110 01 0 Rm:5 111 rot:1 01 Rn:5 Rd:5',
    '0 Q:1 1 01111 01 L:1 M:1 Rm:4 0 rot:2 1 H:1 0 Rn:5 Rd:5'),
  // Vector forms: bit 22 must be 0, but disassemblers ignore it.
  list('FEAT_FHM',
    '0 Q:1 0 01110 a:1 x:1 1 Rm:5 111011 Rn:5 Rd:5',
    '0 Q:1 1 01110 a:1 x:1 1 Rm:5 110011 Rn:5 Rd:5',
    '0 Q:1 0 01111 10 L:1 M:1 Rm:4 0 S:1 00 H:1 0 Rn:5 Rd:5',
    '0 Q:1 1 01111 10 L:1 M:1 Rm:4 1 S:1 00 H:1 0 Rn:5 Rd:5'),
  list('FEAT_BF16',
    '00011110 01 1 000110 10000 Rn:5 Rd:5',
    '0 Q:1 0 01110 10 10000 10110 10 Rn:5 Rd:5',
    '0 Q:1 1 01110 01 0 Rm:5 111111 Rn:5 Rd:5',
    '0 Q:1 1 01110 11 0 Rm:5 111111 Rn:5 Rd:5',
    '0 1 1 01110 01 0 Rm:5 111011 Rn:5 Rd:5',
    '0 Q:1 0 01111 x:1 1 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  list('FEAT_I8MM',
    '0 Q:1 0 01110 10 0 Rm:5 100111 Rn:5 Rd:5',
    '0 1 U:1 01110 10 0 Rm:5 10100 1 Rn:5 Rd:5',
    '0 1 0 01110 10 0 Rm:5 10101 1 Rn:5 Rd:5',
    '0 Q:1 0 01111 x:1 0 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5'),
  list('FEAT_FRINTTS', '00011110 0 x:1 1 0100 op:2 10000 Rn:5 Rd:5', '0 Q:1 U:1 01110 0 x:1 10000 1111 op:1 10 Rn:5 Rd:5'),
  list('FEAT_SHA3', '11001110 00 Op0:1 Rm:5 0 Ra:5 Rn:5 Rd:5', '11001110 011 Rm:5 100011 Rn:5 Rd:5', '11001110 100 Rm:5 imm6:6 Rn:5 Rd:5'),
  list('FEAT_SHA512',
    '11001110 011 Rm:5 10000 x:1 Rn:5 Rd:5',
    '11001110 011 Rm:5 100010 Rn:5 Rd:5',
    '11001110 11000000 100000 Rn:5 Rd:5'),
  list('FEAT_SM3', '11001110 010 Rm:5 0 Ra:5 Rn:5 Rd:5', '11001110 010 Rm:5 10 imm2:2 opcode:2 Rn:5 Rd:5', '11001110 011 Rm:5 11000 x:1 Rn:5 Rd:5'),
  list('FEAT_SM4', '11001110 011 Rm:5 110010 Rn:5 Rd:5', '11001110 11000000 100001 Rn:5 Rd:5'),
];
