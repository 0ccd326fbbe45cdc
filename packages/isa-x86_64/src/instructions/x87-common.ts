import { Ty } from '@qvm/jit';
import type { Helper, V } from '@qvm/jit';
import { Exit, SystemInfo, Vector } from '../builder/exits.js';
import { State } from '../builder/layout.js';
import { softfloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operands, X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';

/** FSW.ES: an unmasked exception is pending. */
const ERROR_SUMMARY = 0x80;
/** FSW.TOP. @internal */
export const TOP_MASK = 0x3800;
const TOP_SHIFT = 11;
/** FSW.C1. @internal */
export const C1 = 0x200;
/** FSW.C2. @internal */
export const C2 = 0x400;
/** FSW.C3, C2 and C0. @internal */
export const UNORDERED = 0x4500;

/** Address of FCW and FSW, for softfloat. @internal */
export const x87Status = (b: X86): V => b.add(b.state(), b.i32(State.fcw));

/** FSW. @internal */
export const statusWord = (b: X86): V => b.stateAt(State.fsw, 4);

/** A register of the stack: a fixed one by its number, or one whose number is a value. @internal */
export type StackRegister = number | { readonly number: V };

/** The register ST(i) that an instruction names in ModRM.rm. @internal */
export const namedRegister = (b: X86, { systemInfo }: InstructionInfo): { readonly number: V } => ({
  number: b.and(b.shr(b.as(systemInfo, Ty.i32), b.imm(SystemInfo.rmShift)), b.imm(7)),
});

/** ST(0). @internal */
export const ST0 = 0;
/** The register below the top, into which a push goes. @internal */
export const BELOW = 7;

const numberOf = (b: X86, i: StackRegister): V => (typeof i === 'number' ? b.i32(i) : i.number);

/** Address of ST(i). @internal */
export function slot(b: X86, i: StackRegister): V {
  const top = b.shr(statusWord(b), b.imm(TOP_SHIFT - 4));
  const offset = b.and(b.add(top, b.shl(numberOf(b, i), b.imm(4))), b.imm(0x70));
  return b.add(b.add(b.state(), b.i32(State.x87)), offset);
}

/** Address of the number for operands in memory. @internal */
export const scratch = (b: X86): V => b.add(b.state(), b.i32(State.x87Scratch));

/** The bit of ST(i) in `State.ftw`. @internal */
export const tagBit = (b: X86, i: StackRegister): V =>
  b.shl(b.i32(1), b.and(b.add(b.shr(statusWord(b), b.imm(TOP_SHIFT)), numberOf(b, i)), b.imm(7)));

/** Whether ST(i) is empty. @internal */
export const isEmpty = (b: X86, i: StackRegister): V => b.eqz(b.and(b.stateAt(State.ftw, 4), tagBit(b, i)));

/** Whether ST(i) is not empty. @internal */
export const isFull = (b: X86, i: StackRegister): V => b.eqz(isEmpty(b, i));

/**
 * Leaves if x87 instructions are switched off (`offset`: the field of the state with the exception) or an exception is
 * pending.
 *
 * @internal
 */
export function checkPending(b: X86, offset: number): void {
  const trap = b.stateAt(offset, 4);
  const pending = b.and(statusWord(b), b.imm(ERROR_SUMMARY));
  b.leaveIf(b.or(trap, pending), Exit.Exception, b.select(trap, trap, b.i32(Vector.MF)));
}

/** Keeps opcode and pointers of an instruction that is no control instruction (SDM vol. 1, 8.1.8, 8.1.9). */
function keepPointers(b: X86, operands: Operands, { x87Opcode }: InstructionInfo): void {
  b.setState(State.fop, b.as(x87Opcode, Ty.i32));
  b.setState(State.fip, b.instructionPointer());
  for (const operand of operands)
    if (operand?.kind === 'memory') b.setState(State.fdp, b.as(b.effectiveAddress(operand), Ty.i64));
}

/** A row that waits for pending exceptions: they are raised before it. @internal */
export function x87(name: string, encodings: readonly string[], semantics: Semantics): X86Row {
  return x87Control(name, encodings, (b, operands, info) => {
    semantics(b, operands, info);
    keepPointers(b, operands, info);
  });
}

/** A row of a control instruction, which is not the last instruction that the unit remembers, but waits. @internal */
export function x87Control(name: string, encodings: readonly string[], semantics: Semantics): X86Row {
  return inst(name, name, encodings, { feature: 'fpu' }, (b, operands, info) => {
    checkPending(b, State.x87Trap);
    semantics(b, operands, info);
  });
}

/** FCW after FNINIT. */
const CONTROL_AFTER_INIT = 0x37f;

/** The effect of FNINIT, but for pending exceptions. @internal */
export function resetUnit(b: X86): void {
  b.setState(State.fcw, b.i32(CONTROL_AFTER_INIT));
  for (const field of [State.fsw, State.ftw, State.fop]) b.setState(field, b.i32(0));
  for (const field of [State.fip, State.fdp]) b.setState(field, b.i64(0));
}

/** A row that does not wait for pending exceptions. @internal */
export function x87NoWait(name: string, encodings: readonly string[], semantics: Semantics): X86Row {
  return inst(name, name, encodings, { feature: 'fpu' }, (b, operands, info) => {
    b.raiseIf(b.eq(b.stateAt(State.x87Trap, 4), b.imm(Vector.NM)), Vector.NM);
    semantics(b, operands, info);
  });
}

/** The effect of an x87 instruction. @internal */
export type Semantics = (b: X86, operands: Operands, info: InstructionInfo) => void;

/** Calls a function of softfloat that gets the address of the status words last. @internal */
export const callX87 = (b: X86, helper: Helper, ...args: readonly V[]): V => b.callNow(helper, ...args, x87Status(b));

/** Whether a stack fault is an overflow: known, or an i32. @internal */
export type Overflow = V | boolean;

/** How an instruction with a check of the stack went on. @internal */
export interface Checked {
  /** Whether it completes: an i32, not 0. */
  readonly done: V;
  /** Whether there was a stack fault that is masked: an i32. */
  readonly faulted: V;
}

/**
 * Calls a function of softfloat, which returns whether the instruction completes, unless the registers are wrong. Then
 * it is a stack fault (SDM vol. 1, 8.5.1.1), and if that is masked, the results are the indefinite number.
 *
 * @param wrong - whether an operand is empty, or the register to be pushed is not.
 * @param overflow - whether the fault is an overflow.
 * @param results - addresses of the results.
 * @internal
 */
export function checked(
  b: X86,
  wrong: V,
  overflow: Overflow,
  results: readonly V[],
  helper: Helper,
  ...args: readonly V[]
): Checked {
  const ok = b.chooseCall(wrong, b.i32(0), helper, ...args);
  return withFault(b, wrong, overflow, results, ok);
}

/** The part of {@link checked} after the operation, which has returned `ok`, and 0 if registers are wrong. @internal */
export function withFault(b: X86, wrong: V, overflow: Overflow, results: readonly V[], ok: V): Checked {
  const over = typeof overflow === 'boolean' ? b.i32(overflow ? 1 : 0) : overflow;
  const right = b.eqz(wrong);
  const faulted = b.chooseCall(right, b.i32(0), softfloat('f80_stack_fault'), over, x87Status(b));
  for (const result of results) b.chooseCall(b.eqz(faulted), b.i32(0), softfloat('f80_indefinite'), result);
  return { done: b.or(ok, faulted), faulted };
}

/** Changes of the stack at the end of an instruction. @internal */
export interface StackChange {
  /** Registers that are popped, −1: one is pushed. */
  readonly pops?: number;
  /** Whether the changes of registers take place; default: always. */
  readonly done?: V;
  /** The register of a result, which is not empty afterwards, even if an operand was. */
  readonly filled?: StackRegister;
  /** Bits of FSW that become 0: an i32. */
  readonly clear?: V;
  /** Bits of FSW that become 1: an i32. */
  readonly set?: V;
}

/** `bits` of FSW if `condition`, otherwise none. @internal */
export const bitsIf = (b: X86, condition: V, bits: number): V => b.select(condition, b.i32(bits), b.i32(0));

/** Writes FSW and the tags. Must come last, once. @internal */
export function finish(b: X86, { pops = 0, done = b.i32(1), filled, clear, set }: StackChange): void {
  let status = statusWord(b);
  if (clear !== undefined) status = b.and(status, b.not(clear));
  if (set !== undefined) status = b.or(status, set);
  const tags = b.stateAt(State.ftw, 4);
  let changed = filled === undefined ? tags : b.or(tags, tagBit(b, filled));
  if (pops < 0) changed = b.or(changed, tagBit(b, BELOW));
  for (let n = 0; n < pops; n++) changed = b.and(changed, b.not(tagBit(b, n)));
  if (pops !== 0 || filled !== undefined) b.setState(State.ftw, b.select(done, changed, tags));
  const moved = b.and(b.add(status, b.i32(pops * (1 << TOP_SHIFT))), b.imm(TOP_MASK));
  const after = b.or(b.and(status, b.imm(~TOP_MASK)), moved);
  b.setState(State.fsw, pops === 0 ? status : b.select(done, after, status));
}

/** Copies one x87 number to another place at the end of the instruction, if `condition`. @internal */
export function copy(b: X86, to: V, from: V, condition: V): void {
  const low = b.select(condition, b.loadAt(from, 0, 8), b.loadAt(to, 0, 8));
  const high = b.select(condition, b.loadAt(from, 8, 8), b.loadAt(to, 8, 8));
  b.storeAt(to, 0, 8, low);
  b.storeAt(to, 8, 8, high);
}
