import type { Case } from './case.js';

const [CF, PF, AF, ZF, SF, OF] = [1, 4, 0x10, 0x40, 0x80, 0x800];
const ALL = CF | PF | AF | ZF | SF | OF;
const RCX = 1;

/** Flags that the manual leaves undefined, whatever the operands (SDM vol. 2, "Flags Affected"). */
const ALWAYS: Readonly<Record<string, number>> = {
  AND: AF,
  OR: AF,
  XOR: AF,
  TEST: AF,
  MUL: SF | ZF | AF | PF,
  IMUL: SF | ZF | AF | PF,
  'IMUL (two operands)': SF | ZF | AF | PF,
  'IMUL (three operands)': SF | ZF | AF | PF,
  DIV: ALL,
  IDIV: ALL,
  BSF: ALL & ~ZF,
  BSR: ALL & ~ZF,
  BT: ALL & ~(CF | ZF),
  BTS: ALL & ~(CF | ZF),
  BTR: ALL & ~(CF | ZF),
  BTC: ALL & ~(CF | ZF),
  TZCNT: OF | SF | AF | PF,
  LZCNT: OF | SF | AF | PF,
  ANDN: AF | PF,
  BLSR: AF | PF,
  BLSMSK: AF | PF,
  BLSI: AF | PF,
  BEXTR: AF | SF | PF,
  BZHI: AF | PF,
};
const SHIFTS = new Set(['SHL', 'SHR', 'SAR', 'SHLD', 'SHRD', 'ROL', 'ROR', 'RCL', 'RCR']);

/** The count of a shift, masked. */
function countOf({ bytes, registers }: Case, wide: boolean): number {
  const opcode = bytes.find((byte) => byte !== 0x66 && (byte & 0xf0) !== 0x40 && byte !== 0x0f) as number;
  const mask = wide ? 63 : 31;
  if (opcode === 0xd0 || opcode === 0xd1) return 1;
  const byCl = [0xd2, 0xd3, 0xa5, 0xad].includes(opcode);
  return (byCl ? Number(registers[RCX]! & 255n) : (bytes[bytes.length - 1] as number)) & mask;
}

/** Status flags that the manual leaves undefined for an instruction, and that are not compared. */
export function undefinedFlags(one: Case): number {
  const { name } = one.row;
  const always = ALWAYS[name];
  if (always !== undefined) return always;
  if (!SHIFTS.has(name)) return 0;
  const wide = one.bytes.some((byte, i) => i < 2 && (byte & 0xf8) === 0x48);
  const count = countOf(one, wide);
  const narrow = one.bytes[0] === 0x66;
  // A count of 16 and more bits of SHLD and SHRD with 16 bits: all. Others: OF unless it is 1; CF if all bits are shifted out.
  if (name.length === 4 && narrow && count > 16) return ALL;
  const shiftedOut = name === 'SHL' || name === 'SHR' ? (count >= 8 && !wide ? CF : 0) : 0;
  const keeps = name.startsWith('R') ? 0 : AF;
  return keeps | (count === 1 ? 0 : OF) | shiftedOut;
}

const [C0, C1, C3] = [0x100, 0x200, 0x4000];

/**
 * Bits of FSW that processors set differently: C1 of FCOMI, which the manual clears and some processors keep; the
 * quotient of FPREM if the instruction does not complete.
 */
export function undefinedStatus({ row: { name } }: Case): number {
  if (/^FU?COMIP?$/.test(name)) return C1;
  return name.startsWith('FPREM') ? C0 | C1 | C3 : 0;
}
