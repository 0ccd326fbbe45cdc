import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { State } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operand } from '../describe/operand.js';
import type { Operands, RowOptions, Semantics, X86Row } from '../describe/row.js';
import { MERGED_AVX2, withVex } from './vex.js';
import type { VexForms } from './vex.js';
import { TOP_MASK, checkPending, statusWord } from './x87-common.js';

const isClass = (operand: Operand | undefined, registers: 'mmx' | 'xmm'): boolean =>
  operand?.kind === 'register' && operand.registers === registers;

/** Whether an instruction has operands in MMX registers. @internal */
export const usesMmx = (operands: Operands): boolean => operands.some((operand) => isClass(operand, 'mmx'));

/** Leaves if MMX is switched off or an x87 exception is pending. @internal */
export const checkMmx = (b: X86): void => checkPending(b, State.mmxTrap);

/**
 * The change from x87 to MMX: the top of the stack is 0, and all registers are valid (SDM vol. 3, table 12-2).
 *
 * @param tags - a bit for each register that is valid.
 * @internal
 */
export function enterMmx(b: X86, tags = 0xff): void {
  b.setState(State.fsw, b.and(statusWord(b), b.imm(~TOP_MASK)));
  b.setState(State.ftw, b.i32(tags));
}

/** Optional parts of a row of vector instructions. @internal */
export interface VectorOptions extends RowOptions {
  /** How the operation exists with VEX prefixes; absent: not, or its encodings are listed. */
  readonly vex?: VexForms;
}

/** Operations on MMX registers that are younger than MMX (SDM vol. 1, 5.5.3, 5.6.3). */
const YOUNGER: Readonly<Record<string, 'sse' | 'sse2'>> = {
  ...{ PADDQ: 'sse2', PSUBQ: 'sse2', PMULUDQ: 'sse2' },
  ...{ PAVGB: 'sse', PAVGW: 'sse', PMAXSW: 'sse', PMAXUB: 'sse', PMINSW: 'sse', PMINUB: 'sse' },
  ...{ PMULHUW: 'sse', PSADBW: 'sse' },
};

/**
 * An encoding with the feature that it is of, if it names none: on MMX registers alone, MMX; else with prefix 66 or F2 SSE2, with
 * another or none SSE (SDM vol. 1, 5.4 to 5.6).
 */
function withFeature(encoding: string, name: string): string {
  if (encoding.includes('@')) return encoding;
  if (!/[VWU][^ ]*$/.test(encoding)) return `${encoding} @${YOUNGER[name] ?? 'mmx'}`;
  return `${encoding} @${/^(66|F2) /.test(encoding) ? 'sse2' : 'sse'}`;
}

/**
 * A row of an instruction that uses XMM or MMX registers: traps if they are not enabled, and enters MMX where operands
 * are in its registers.
 *
 * @internal
 */
export function sse(
  name: string,
  encodings: readonly string[],
  semantics: Semantics,
  { vex, ...options }: VectorOptions = {},
): X86Row {
  const own = options.feature === undefined ? encodings.map((encoding) => withFeature(encoding, name)) : encodings;
  const all = vex ? own.flatMap((encoding) => [encoding, ...withVex(encoding, vex)]) : own;
  return inst(name, name, all, options, (b, operands, info) => {
    const mmx = usesMmx(operands);
    // Both halves of a vector are checked at once.
    if (b.half !== 1 && (!mmx || operands.some((operand) => isClass(operand, 'xmm')))) b.checkVectors(info.vex);
    if (mmx) checkMmx(b);
    semantics(b, operands, info);
    if (mmx) enterMmx(b);
  });
}

/** The operand of a vector operation: 128 bits, or 64 of an MMX instruction, with zeros above. @internal */
export function vectorOf(b: X86, operand: Operand): V {
  if (operand.size === 4) return b.readAligned(operand);
  return b.vectorFrom64(b.as(b.read(operand), Ty.i64));
}

/** Writes the result of a vector operation: 128 bits, or the low 64 to an MMX register. @internal */
export function setVector(b: X86, target: Operand, v: V): void {
  b.write(target, target.size === 4 ? v : b.extractLane('i64x2_extract_lane', v, 0));
}

/** An operation on two vectors. @internal */
export type Combination = (b: X86, x: V, y: V) => V;

/**
 * How an operation on vectors of 128 bits computes one of 64 bits: `lanes`: results are at the places of the operands;
 * `joined`: results are from neighbouring elements of the first operand, then of the second, so that both are one
 * vector; `high`: results are from the high halves.
 *
 * @internal
 */
export type MmxArrangement = 'lanes' | 'joined' | 'high';

function combineMmx(b: X86, x: V, y: V, of: Combination, arrangement: MmxArrangement): V {
  const low = (v: V): V => b.extractLane('i64x2_extract_lane', v, 0);
  if (arrangement === 'lanes') return of(b, x, y);
  if (arrangement === 'joined') {
    const joined = b.replaceLane('i64x2_replace_lane', x, 1, low(y));
    return of(b, joined, joined);
  }
  const raised = (v: V): V =>
    b.replaceLane('i64x2_replace_lane', b.vectorFrom64(b.i64(0)), 1, b.shr(low(v), b.imm(32)));
  return of(b, raised(x), raised(y));
}

/**
 * A row with a destination register and a source of 128 bits, both of which are read.
 *
 * @param encoding - prefix 66 and the opcode.
 * @param mmx - the arrangement of the same operation on MMX registers, whose encoding has no prefix.
 * @param source - the type of the source in memory of the MMX operation.
 * @internal
 */
export function packed(
  name: string,
  encoding: string,
  of: Combination,
  options: VectorOptions = {},
  mmx?: MmxArrangement,
  source: 'Qq' | 'Qd' = 'Qq',
): X86Row {
  const encodings = [`${encoding} Vx,Wx`, ...(mmx ? [`${withoutPrefix(encoding)} Pq,${source}`] : [])];
  return sse(name, encodings, (b, operands) => combine(b, operands, of, mmx), { vex: MERGED_AVX2, ...options });
}

/** The encoding of the operation on MMX registers. @internal */
export const withoutPrefix = (encoding: string): string => encoding.replace(/^66 /, 'NP ');

function combine(b: X86, operands: Operands, of: Combination, mmx?: MmxArrangement): void {
  const [target, source] = operands;
  const y = vectorOf(b, source);
  const x = vectorOf(b, target);
  setVector(b, target, mmx && usesMmx(operands) ? combineMmx(b, x, y, of, mmx) : of(b, x, y));
}
