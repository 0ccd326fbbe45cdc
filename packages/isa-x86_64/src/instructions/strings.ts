import { fixedRegister } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Gpr, SegmentRegister, State } from '../builder/layout.js';
import { FLAT_SEGMENT } from '../builder/register-files.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { InstructionInfo, X86Row } from '../describe/row.js';

/** The effect of one round; a comparison returns whether its operands are equal. */
type Round = (b: X86, info: InstructionInfo) => V | undefined;

/** Address of the element at (E)SI or RSI. */
const sourceAddress = (b: X86, { addressSize, segment }: InstructionInfo): V =>
  b.inSegment(b.fixed(Gpr.RSI, 3), addressSize, segment);

/** Address of the element at ES:(E)DI or RDI. */
const targetAddress = (b: X86, { addressSize }: InstructionInfo): V =>
  b.inSegment(b.fixed(Gpr.RDI, 3), addressSize, fixedRegister(b.flat ? FLAT_SEGMENT : SegmentRegister.ES));

/** Moves an index register to the next element, by DF. */
function step(b: X86, register: Gpr, { addressSize, size }: InstructionInfo): void {
  const direction = b.stateAt(State.direction, 4);
  const distance = b.shl(addressSize === 3 ? b.widenSigned(direction) : direction, b.imm(size));
  b.setFixed(register, addressSize, b.add(b.fixed(register, addressSize), distance));
}

const load = (b: X86, address: V, size: number): V =>
  b.loadAt(b.open(address, 1 << size, 'read'), 0, 1 << size, false, typeOf(size));

function store(b: X86, address: V, size: number, v: V): void {
  b.storeAt(b.open(address, 1 << size, 'write'), 0, 1 << size, v);
}

const movs: Round = (b, info) => {
  store(b, targetAddress(b, info), info.size, load(b, sourceAddress(b, info), info.size));
  step(b, Gpr.RSI, info);
  step(b, Gpr.RDI, info);
  return undefined;
};

const stos: Round = (b, info) => {
  store(b, targetAddress(b, info), info.size, b.fixed(Gpr.RAX, info.size));
  step(b, Gpr.RDI, info);
  return undefined;
};

const lods: Round = (b, info) => {
  b.setFixed(Gpr.RAX, info.size, load(b, sourceAddress(b, info), info.size));
  step(b, Gpr.RSI, info);
  return undefined;
};

const cmps: Round = (b, info) => {
  const [x, y] = [load(b, sourceAddress(b, info), info.size), load(b, targetAddress(b, info), info.size)];
  b.subFlags(x, y, info.size);
  step(b, Gpr.RSI, info);
  step(b, Gpr.RDI, info);
  return b.eq(x, y);
};

const scas: Round = (b, info) => {
  const [x, y] = [b.fixed(Gpr.RAX, info.size), load(b, targetAddress(b, info), info.size)];
  b.subFlags(x, y, info.size);
  step(b, Gpr.RDI, info);
  return b.eq(x, y);
};

/**
 * A string instruction. Each round of REP is an instruction that jumps to itself, so that interrupts and faults see the
 * rounds that are done (SDM vol. 2, REP).
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
    const equal = round(b, info);
    const left = b.sub(count, b.as(b.i32(1), typeOf(addressSize)));
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
