import type { V } from '@qvm/jit';
import { Gpr, State } from '../builder/layout.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { atLeastOne, isOneByte, lesser, roundsAtOnce } from './string-rounds.js';
import type { StringAccess } from './string-rounds.js';

/** The result of a round, or of several at once. */
interface RoundResult {
  /** Of a comparison: whether its operands are equal. */
  readonly equal?: V;
  /** Number of rounds performed, an i32; undefined: one. */
  readonly rounds?: V | undefined;
}

/** The effect of one round or, with REP, of several at once. */
type Round = (b: X86, info: InstructionInfo) => RoundResult;

/** The element at (E)SI or RSI. */
const sourceOf = (b: X86, info: InstructionInfo): StringAccess => ({
  place: info,
  offset: b.fixed(Gpr.RSI, info.addressSize),
  access: 'read',
});

/** The element at ES:(E)DI or RDI. */
const targetOf = (b: X86, { addressSize }: InstructionInfo, access: 'read' | 'write'): StringAccess => ({
  place: b.extraSegment,
  offset: b.fixed(Gpr.RDI, addressSize),
  access,
});

const open = (b: X86, { place, offset, access }: StringAccess, { size }: InstructionInfo): V =>
  b.openIn(place, offset, 1 << size, access);

/** Moves an index register over `rounds` elements, by DF. */
function step(b: X86, register: Gpr, { addressSize, size }: InstructionInfo, rounds?: V): void {
  const direction = b.stateAt(State.direction, 4);
  const elements = rounds === undefined ? direction : b.mul(direction, rounds);
  const distance = b.shl(addressSize === 3 ? b.widenSigned(elements) : elements, b.imm(size));
  b.setFixed(register, addressSize, b.add(b.fixed(register, addressSize), distance));
}

const load = (b: X86, m: V, size: number): V => b.loadAt(m, 0, 1 << size, false, typeOf(size));

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
  const from = open(b, sourceOf(b, info), info);
  const to = open(b, targetOf(b, info, 'write'), info);
  b.storeAt(to, 0, 1 << size, load(b, from, size));
  let rounds: V | undefined;
  if (rep !== 0) {
    const most = roundsAtOnce(b, info, [sourceOf(b, info), targetOf(b, info, 'write')]);
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
  const to = open(b, targetOf(b, info, 'write'), info);
  const v = b.fixed(Gpr.RAX, size);
  b.storeAt(to, 0, 1 << size, v);
  let rounds: V | undefined;
  if (rep !== 0) {
    const most = roundsAtOnce(b, info, [targetOf(b, info, 'write')]);
    rounds = size === 0 ? most : b.select(isOneByte(b, v, size), most, b.i32(1));
    b.fillAt(to, 1 << size, v, further(b, rounds, info));
  }
  step(b, Gpr.RDI, info, rounds);
  return { rounds };
};

const lods: Round = (b, info) => {
  b.setFixed(Gpr.RAX, info.size, load(b, open(b, sourceOf(b, info), info), info.size));
  step(b, Gpr.RSI, info);
  return {};
};

const cmps: Round = (b, info) => {
  const [x, y] = [
    load(b, open(b, sourceOf(b, info), info), info.size),
    load(b, open(b, targetOf(b, info, 'read'), info), info.size),
  ];
  b.subFlags(x, y, info.size);
  step(b, Gpr.RSI, info);
  step(b, Gpr.RDI, info);
  return { equal: b.eq(x, y) };
};

const scas: Round = (b, info) => {
  const [x, y] = [b.fixed(Gpr.RAX, info.size), load(b, open(b, targetOf(b, info, 'read'), info), info.size)];
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
