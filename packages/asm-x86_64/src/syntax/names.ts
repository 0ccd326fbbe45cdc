import { isVexVector } from '@qvm/isa-x86_64';
import type { Encoding } from '@qvm/isa-x86_64';

/** The parts of an instruction that its mnemonic depends on. */
export interface Variant {
  readonly encoding: Encoding;
  /** The last byte of the opcode. */
  readonly opcode: number;
  /** −1 if there is none. */
  readonly modRm: number;
  /** log2 of the operand size in bytes. */
  readonly operandSize: number;
  /** log2 of the address size in bytes. */
  readonly addressSize: number;
  /** Code size of the mode. */
  readonly bits: 16 | 32 | 64;
}

/** The mnemonic of an instruction. */
export type Mnemonic = (variant: Variant) => string;

/** The conditions, as mnemonics end with them. */
const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

const always =
  (name: string): Mnemonic =>
  () =>
    name;
/** Names for operand sizes of 16, 32 and 64 bits. */
const bySize =
  (...names: readonly string[]): Mnemonic =>
  ({ operandSize }) =>
    names[operandSize - 1] as string;
const withCondition =
  (beginning: string): Mnemonic =>
  ({ opcode }) =>
    beginning + (CONDITIONS[opcode & 15] as string);
/** Names by the beginnings of the texts of encodings. */
const byEncoding =
  (names: Readonly<Record<string, string>>): Mnemonic =>
  ({ encoding: { text } }) =>
    Object.entries(names).find(([beginning]) => text.replace(/^VEX /, '').startsWith(beginning))?.[1] ?? '?';
/** Packed single and double precision, by the prefix. */
const packed = (name: string): Mnemonic => byEncoding({ NP: `${name}ps`, '66': `${name}pd` });

const HINTS = ['prefetchnta', 'prefetcht0', 'prefetcht1', 'prefetcht2'];
const PREFETCH = ['prefetch', 'prefetchw', 'prefetchwt1'];

/** NOPs with an operand: some have become hints. */
const nop: Mnemonic = ({ opcode, modRm }) => {
  const reg = (modRm >> 3) & 7;
  if (opcode === 0x0d) return PREFETCH[reg] ?? 'prefetch';
  return opcode === 0x18 && modRm < 0xc0 ? (HINTS[reg] ?? 'nop') : 'nop';
};

/** By ModRM.reg, without its bit 2. */
const FENCES = ['?', 'lfence', 'mfence', 'sfence'];
const moved: Mnemonic = ({ operandSize }) => (operandSize === 3 ? 'movq' : 'movd');
/** Of 64-bit mode, by REX.W. */
const returning =
  (name: string): Mnemonic =>
  ({ operandSize, bits }) =>
    bits === 64 ? `${name}${operandSize === 3 ? 'q' : 'd'}` : name;
const withRex =
  (name: string): Mnemonic =>
  ({ operandSize }) =>
    operandSize === 3 ? `${name}q` : name;
/** Flags, or what has no register that tells its size, on the stack: with a letter if it is not the mode's own size. */
const stacked =
  (name: string): Mnemonic =>
  ({ operandSize, bits }) => {
    const own = bits === 16 ? 1 : bits === 32 ? 2 : 3;
    return operandSize === own ? name : `${name}${operandSize === 1 ? 'w' : 'd'}`;
  };

/** With the number of bits of the pointers that it saves, if there are 64. */
const with64 =
  (name: string): Mnemonic =>
  ({ operandSize }) =>
    operandSize === 3 ? `${name}64` : name;
/** With a letter if the operand size is that of a prefix 66. */
const sized =
  (name: string): Mnemonic =>
  ({ operandSize, bits }) => {
    if (operandSize === 3 || operandSize === (bits === 16 ? 1 : 2)) return name;
    return name + (operandSize === 1 ? 'w' : 'd');
  };
const returnFar =
  (name: string): Mnemonic =>
  (variant) =>
    variant.operandSize === 3 ? `${name}q` : sized(name)(variant);

/** Mnemonics of rows that are not the first word of the row's name. */
const NAMES: Readonly<Record<string, Mnemonic>> = {
  'CBW, CWDE, CDQE': bySize('cbw', 'cwde', 'cdqe'),
  'CWD, CDQ, CQO': bySize('cwd', 'cdq', 'cqo'),
  Jcc: withCondition('j'),
  CMOVcc: withCondition('cmov'),
  SETcc: withCondition('set'),
  'JCXZ, JECXZ, JRCXZ': ({ addressSize }) => ['jcxz', 'jecxz', 'jrcxz'][addressSize - 1] as string,
  // An absolute address, or an immediate, of 64 bits.
  MOV: ({ encoding, opcode, operandSize, bits }) => {
    const isWide = /^A[0-3]/.test(encoding.text) || (/^B8/.test(encoding.text) && operandSize === 3);
    return opcode >= 0xa0 && isWide && bits === 64 ? 'movabs' : 'mov';
  },
  'MOVSX, MOVSXD': byEncoding({ '63': 'movsxd', '0F': 'movsx' }),
  NOP: nop,
  'IRET, IRETD, IRETQ': returnFar('iret'),
  'RET (far)': returnFar('retf'),
  CALL: stacked('call'),
  JMP: (variant) => (variant.opcode === 0xeb ? 'jmp' : stacked('jmp')(variant)),
  RET: stacked('ret'),
  'RET (imm16)': stacked('ret'),
  'PUSHA, PUSHAD': stacked('pusha'),
  'POPA, POPAD': stacked('popa'),
  ENTER: stacked('enter'),
  LEAVE: stacked('leave'),
  FLDENV: sized('fldenv'),
  FNSTENV: sized('fnstenv'),
  FNSAVE: sized('fnsave'),
  FRSTOR: sized('frstor'),
  FXSAVE: with64('fxsave'),
  FXRSTOR: with64('fxrstor'),
  ...Object.fromEntries(['xsave', 'xrstor', 'xsaveopt', 'xsavec'].map((name) => [name.toUpperCase(), with64(name)])),
  'UD1, UD0': byEncoding({ '0F B9': 'ud1', '0F FF': 'ud0' }),
  'PUSHF, PUSHFQ': stacked('pushf'),
  'POPF, POPFQ': stacked('popf'),
  'LDS, LES, LSS, LFS, LGS': byEncoding({ C5: 'lds', C4: 'les', '0F B2': 'lss', '0F B4': 'lfs', '0F B5': 'lgs' }),
  'LFENCE, MFENCE, SFENCE': ({ modRm }) => FENCES[(modRm >> 3) & 3] ?? '?',
  'MOVAPS, MOVAPD, MOVDQA': byEncoding({
    'NP 0F 2': 'movaps',
    '66 0F 2': 'movapd',
    '66 0F 6F': 'movdqa',
    '66 0F 7F': 'movdqa',
  }),
  'MOVUPS, MOVUPD, MOVDQU': byEncoding({ NP: 'movups', '66': 'movupd', F3: 'movdqu' }),
  'MOVNTPS, MOVNTPD, MOVNTDQ': byEncoding({ NP: 'movntps', '66 0F 2B': 'movntpd', '66 0F E7': 'movntdq' }),
  'MOVLPS, MOVLPD': packed('movl'),
  'MOVHPS, MOVHPD': packed('movh'),
  'MOVD, MOVQ': moved,
  'MOVD, MOVQ (from a vector)': moved,
  'MOVD, MOVQ (to MMX)': moved,
  'MOVD, MOVQ (from MMX)': moved,
  'MOVQ (MMX), MOVNTQ': byEncoding({ 'NP 0F E7': 'movntq', NP: 'movq' }),
  'MASKMOVQ, MASKMOVDQU': byEncoding({ NP: 'maskmovq', '66': 'maskmovdqu' }),
  PCMPESTRM: withRex('pcmpestrm'),
  PCMPESTRI: withRex('pcmpestri'),
  SYSRET: returning('sysret'),
  SYSEXIT: returning('sysexit'),
  'FNENI, FNDISI, FNSETPM': byEncoding({ 'DB !E0': 'fneni', 'DB !E1': 'fndisi', 'DB !E4': 'fnsetpm' }),
  // With ST(i) as destination, these have changed places.
  'FSUB (DC)': always('fsubr'),
  'FSUBR (DC)': always('fsub'),
  'FDIV (DC)': always('fdivr'),
  'FDIVR (DC)': always('fdiv'),
  'FSUBP (DE)': always('fsubrp'),
  'FSUBRP (DE)': always('fsubp'),
  'FDIVP (DE)': always('fdivrp'),
  'FDIVRP (DE)': always('fdivp'),
};

/** The mnemonic of the instructions of a row. Forms with VEX prefixes of an operation of SSE begin with `v`. */
export function mnemonicOf(rowName: string): Mnemonic {
  const plain = NAMES[rowName] ?? always(rowName.split(/[ ,]/)[0]?.toLowerCase() ?? '');
  if (rowName.startsWith('V')) return plain;
  return (variant) => (isVexVector(variant.encoding) ? 'v' : '') + plain(variant);
}
