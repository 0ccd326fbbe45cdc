import { fixedRegister } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Gpr, SegmentRegister, State } from '../builder/layout.js';
import { FLAT_SEGMENT } from '../builder/register-files.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import { atLeastOne, isOneByte, lesser, roundsAtOnce } from './string-rounds.js';
import type { InstructionInfo, X86Row } from '../describe/row.js';

/** What a round has done. */
interface RoundResult {
  /** Of a comparison: whether its operands are equal. */
  readonly equal?: V;
  /** Number of rounds performed, an i32; undefined: one. */
  readonly rounds?: V | undefined;
}

/** The effect of one round or, with REP, of several at once. */
type Round = (b: X86, info: InstructionInfo) => RoundResult;

/** Address of the element at (E)SI or RSI. */
const sourceAddress = (b: X86, { addressSize, segment }: InstructionInfo): V =>
  b.inSegment(b.fixed(Gpr.RSI, 3), addressSize, segment);

/** Address of the element at ES:(E)DI or RDI. */
const targetAddress = (b: X86, { addressSize }: InstructionInfo): V =>
  b.inSegment(b.fixed(Gpr.RDI, 3), addressSize, fixedRegister(b.flat ? FLAT_SEGMENT : SegmentRegister.ES));

/** Moves an index register over `rounds` elements, by DF. */
function step(b: X86, register: Gpr, { addressSize, size }: InstructionInfo, rounds?: V): void {
  const direction = b.stateAt(State.direction, 4);
  const elements = rounds === undefined ? direction : b.mul(direction, rounds);
  const distance = b.shl(addressSize === 3 ? b.widenSigned(elements) : elements, b.imm(size));
  b.setFixed(register, addressSize, b.add(b.fixed(register, addressSize), distance));
}

const open = (b: X86, address: V, size: number, access: 'read' | 'write'): V => b.open(address, 1 << size, access);

const loadFrom = (b: X86, opened: V, size: number): V => b.loadAt(opened, 0, 1 << size, false, typeOf(size));

const load = (b: X86, address: V, size: number): V => loadFrom(b, open(b, address, size, 'read'), size);

/**
 * The further rounds of REP that are performed at once, in bytes. The rounds that the instruction performs in all are
 * counted as instructions.
 */
function further(b: X86, rounds: V, { size }: InstructionInfo): V {
  const more = b.sub(rounds, b.i32(1));
  b.retireMore(more);
  return b.shl(more, b.imm(size));
}

const movs: Round = (b, info) => {
  const { size, rep } = info;
  const [source, target] = [sourceAddress(b, info), targetAddress(b, info)];
  const from = open(b, source, size, 'read');
  const to = open(b, target, size, 'write');
  b.storeAt(to, 0, 1 << size, loadFrom(b, from, size));
  let rounds: V | undefined;
  if (rep !== 0) {
    const most = roundsAtOnce(b, info, [
      { address: source, access: 'read', index: Gpr.RSI },
      { address: target, access: 'write', index: Gpr.RDI },
    ]);
    // An element that an earlier round has written is read again if the target is shortly after the source.
    rounds = atLeastOne(b, lesser(b, most, b.shr(b.sub(to, from), b.imm(size)), 'unsigned'));
    b.copyAt(to, from, 1 << size, further(b, rounds, info));
  }
  step(b, Gpr.RSI, info, rounds);
  step(b, Gpr.RDI, info, rounds);
  return { rounds };
};

const stos: Round = (b, info) => {
  const { size, rep } = info;
  const target = targetAddress(b, info);
  const to = open(b, target, size, 'write');
  const v = b.fixed(Gpr.RAX, size);
  b.storeAt(to, 0, 1 << size, v);
  let rounds: V | undefined;
  if (rep !== 0) {
    const most = roundsAtOnce(b, info, [{ address: target, access: 'write', index: Gpr.RDI }]);
    rounds = size === 0 ? most : b.select(isOneByte(b, v, size), most, b.i32(1));
    b.fillAt(to, 1 << size, v, further(b, rounds, info));
  }
  step(b, Gpr.RDI, info, rounds);
  return { rounds };
};

const lods: Round = (b, info) => {
  b.setFixed(Gpr.RAX, info.size, load(b, sourceAddress(b, info), info.size));
  step(b, Gpr.RSI, info);
  return {};
};

const cmps: Round = (b, info) => {
  const [x, y] = [load(b, sourceAddress(b, info), info.size), load(b, targetAddress(b, info), info.size)];
  b.subFlags(x, y, info.size);
  step(b, Gpr.RSI, info);
  step(b, Gpr.RDI, info);
  return { equal: b.eq(x, y) };
};

const scas: Round = (b, info) => {
  const [x, y] = [b.fixed(Gpr.RAX, info.size), load(b, targetAddress(b, info), info.size)];
  b.subFlags(x, y, info.size);
  step(b, Gpr.RDI, info);
  return { equal: b.eq(x, y) };
};

/**
 * A string instruction. Each round of REP, or group of rounds, is an instruction that jumps to itself, so that interrupts
 * and faults see the rounds that are done (SDM vol. 2, REP).
 */
function repeated(round: Round) {
  return (b: X86, _: unknown, info: InstructionInfo): void => {
    const { rep, addressSize, target } = info;
    if (rep === 0) {
      round(b, info);
      return;
    }
    const count = b.fixed(Gpr.RCX, addressSize);
    b.skipIf(b.eqz(count));
    const { equal, rounds = b.i32(1) } = round(b, info);
    const left = b.sub(count, b.as(rounds, typeOf(addressSize)));
    b.setFixed(Gpr.RCX, addressSize, left);
    const more = b.ne(b.cut(left, addressSize), b.imm(0));
    const goesOn = equal && (rep === 1 ? equal : b.eqz(equal));
    b.branch(goesOn === undefined ? more : b.and(more, goesOn), target);
  };
}

const string = (name: string, opcode: number, round: Round, prefix: 'rep' | 'repe' = 'rep'): X86Row => {
  const hex = (n: number): string => n.toString(16).toUpperCase();
  return inst(name, name, [`${hex(opcode)} bytes`, `${hex(opcode + 1)} sz`], { string: prefix }, repeated(round));
};

/** String instructions (SDM vol. 1, 5.1.8). @experimental */
export const stringRows: readonly X86Row[] = [
  string('MOVS', 0xa4, movs),
  string('CMPS', 0xa6, cmps, 'repe'),
  string('STOS', 0xaa, stos),
  string('LODS', 0xac, lods),
  string('SCAS', 0xae, scas, 'repe'),
];
