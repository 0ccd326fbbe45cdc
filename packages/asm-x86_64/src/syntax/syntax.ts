import type { Encoding, InstructionParts, X86Row } from '@qvm/isa-x86_64';
import { mnemonicOf } from './names.js';
import type { Mnemonic } from './names.js';
import { IMPLICIT, operandText } from './operand.js';
import type { OperandSyntax, OperandText } from './operand.js';

/** How the instructions of an encoding are written. */
export interface Syntax {
  readonly mnemonic: Mnemonic;
  readonly operands: readonly OperandSyntax[];
  /** Whether `Nq` names a register of x87, not of MMX. */
  readonly isX87: boolean;
}

/** Parts of a row's syntax that its operand codes do not tell. */
interface Override {
  /** Name of the size of the operand in memory. */
  readonly memory?: string | ((parts: InstructionParts) => string | undefined);
  /** The operands: names of `IMPLICIT` ones, and numbers of operands of the encoding. */
  readonly operands?: readonly (string | number)[];
}

/** Far pointers: a selector after an offset of the operand size; as objdump, without offsets of 64 bits. */
const farSize = ({ operandSize, operandPrefix }: InstructionParts): string =>
  operandSize === 1 || (operandSize === 3 && operandPrefix) ? 'DWORD' : 'FWORD';
const IN_ST: Override = { operands: ['st', 0] };
const FROM_ST: Override = { operands: [0, 'st'] };

const OVERRIDES: Readonly<Record<string, Override>> = {
  MOVS: { operands: ['target', 'source'] },
  CMPS: { operands: ['source', 'target'] },
  STOS: { operands: ['target', 'accumulator'] },
  LODS: { operands: ['accumulator', 'source'] },
  SCAS: { operands: ['accumulator', 'target'] },
  INS: { operands: ['port target', 'dx'] },
  OUTS: { operands: ['dx', 'port source'] },
  'POP (segment register)': { operands: ['popped'] },
  BOUND: { memory: ({ operandSize }) => (operandSize === 1 ? 'DWORD' : 'QWORD') },
  LAR: { operands: [0, 'selector'] },
  LSL: { operands: [0, 'selector'] },
  CRC32: { operands: ['wide register', 1] },
  PEXTRW: { operands: ['dword register', 1, 2] },
  NOP: {
    memory: ({ opcode, modRm }) => (opcode === 0x0d || (opcode === 0x18 && (modRm & 0x20) === 0) ? 'BYTE' : undefined),
  },
  PINSRW: { memory: 'WORD' },
  PINSRB: { memory: 'BYTE' },
  PEXTRB: { memory: 'BYTE' },
  'PEXTRW (to memory)': { memory: 'WORD' },
  LDDQU: { memory: '' },
  'MOV (to segment register)': { operands: [0, 'selector'] },
  SMSW: { memory: 'WORD' },
  SLDT: { memory: 'WORD' },
  STR: { memory: 'WORD' },
  'MOV (from segment register)': { memory: 'WORD' },
  XLAT: { operands: ['table'] },
  INVLPG: { memory: 'BYTE' },
  CMPXCHG8B: { memory: 'QWORD' },
  CMPXCHG16B: { memory: 'OWORD' },
  'CALL (far, memory)': { memory: farSize },
  'JMP (far, memory)': { memory: farSize },
  'LDS, LES, LSS, LFS, LGS': { memory: farSize },
  'FLD m80fp': { memory: 'TBYTE' },
  'FSTP m80fp': { memory: 'TBYTE' },
  FBLD: { memory: 'TBYTE' },
  FBSTP: { memory: 'TBYTE' },
  'FNSTSW AX': { operands: ['ax'] },
  PBLENDVB: { operands: [0, 1, 'xmm0'] },
  BLENDVPS: { operands: [0, 1, 'xmm0'] },
  BLENDVPD: { operands: [0, 1, 'xmm0'] },
};

/** Rows of x87 with ST(0) as further operand. */
function x87Override(name: string): Override | undefined {
  if (/ ST\(0\), ST\(i\)$|^FCMOV|^FU?COMIP?$/.test(name)) return IN_ST;
  if (/ \(D[CE]\)$/.test(name)) return FROM_ST;
  return undefined;
}

const isX87 = ({ map, opcode }: Encoding): boolean => map === 0 && (opcode & 0xf8) === 0xd8;

function make(row: X86Row, encoding: Encoding): Syntax {
  const x87 = isX87(encoding);
  const { memory, operands } = OVERRIDES[row.name] ?? (x87 ? x87Override(row.name) : undefined) ?? {};
  const explicit = (index: number): readonly OperandSyntax[] => {
    const code = encoding.operands[index];
    if (!code) throw new Error(`${row.name} has no operand ${index}`);
    const codes = code.first ? [code, code.first] : [code];
    return codes.map((one) => ({
      ...operandText(one, { index, memory, isX87: x87 }),
      from: { code: one, index },
      memory,
    }));
  };
  const implicit = (name: string): OperandSyntax => ({ ...(IMPLICIT[name] as OperandText), from: name, memory });
  const all = encoding.operands.flatMap(({ place }, i) => (place === 'size' ? [] : [i]));
  // With a VEX prefix, the mask in XMM0 is an operand of its own.
  const shown = operands === undefined || (encoding.vex && operands.includes('xmm0')) ? all : operands;
  return {
    mnemonic: mnemonicOf(row.name),
    operands: shown.flatMap((one) => (typeof one === 'number' ? explicit(one) : [implicit(one)])),
    isX87: x87,
  };
}

const made = new Map<Encoding, Syntax>();

/** The syntax of an encoding of a row. */
export function syntaxOf(row: X86Row, encoding: Encoding): Syntax {
  let syntax = made.get(encoding);
  if (!syntax) made.set(encoding, (syntax = make(row, encoding)));
  return syntax;
}
