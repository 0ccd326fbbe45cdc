import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { SystemOperation } from '../builder/exits.js';
import { Gpr, Segment, SegmentRegister, State } from '../builder/layout.js';
import { Flag, WRITABLE_FLAGS } from '../builder/rflags.js';
import { Attribute, DATA_ATTRIBUTES } from '../builder/segment-attributes.js';
import type { X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import {
  anyFlag,
  DPL_SHIFT,
  enterLevel,
  isNotCanonical,
  letsInterruptIn,
  restrictsTime,
  setSegment,
  withLevel,
} from './privilege.js';
import { setFlagsRegister } from './rflags.js';

const Op = SystemOperation.Iret;
const WIDE = 3;
const [RPL, TABLE_INDICATOR, INDEX] = [3, 4, 0xfff8];
/** Place of the {@link Attribute}s in the second word of a descriptor, and the bits that are theirs (SDM vol. 3, 3.4.5). */
const [ATTRIBUTES_SHIFT, ATTRIBUTES] = [8, 0xf0ff];
const DPL = 3 << DPL_SHIFT;
const CODE_64 = Attribute.Present | Attribute.CodeOrData | Attribute.Accessed | Attribute.Code | Attribute.L;
const CODE_MASK = CODE_64 | Attribute.Conforming | Attribute.DB | DPL;
const STACK = DATA_ATTRIBUTES;
const STACK_MASK = STACK | Attribute.Code | DPL;
const DATA_SEGMENTS = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS] as const;

/** The values that IRETQ pops. */
interface Frame {
  readonly rip: V;
  readonly cs: V;
  readonly rflags: V;
  readonly rsp: V;
  readonly ss: V;
}

function popFrame(b: X86): Frame {
  const at = b.open(b.fixed(Gpr.RSP, WIDE), 40, 'read', { element: 8 });
  const word = (offset: number, bytes: 2 | 4): V => b.loadAt(at, offset, bytes, false, Ty.i32);
  return { rip: b.loadAt(at, 0, 8), cs: word(8, 2), rflags: word(16, 4), rsp: b.loadAt(at, 24, 8), ss: word(32, 2) };
}

/** The two words of a descriptor in the GDT. */
interface Words {
  readonly lo: V;
  readonly hi: V;
}

function readDescriptor(b: X86, selector: V): Words {
  const address = b.add(b.stateAt(State.gdtr, 8), b.as(b.and(selector, b.imm(INDEX)), Ty.i64));
  const at = b.open(address, 8, 'read');
  return { lo: b.loadAt(at, 0, 4, false, Ty.i32), hi: b.loadAt(at, 4, 4, false, Ty.i32) };
}

/** Whether a selector does not name a descriptor of the GDT: an i32. */
const isElsewhere = (b: X86, selector: V): V =>
  b.or(
    b.and(selector, b.imm(TABLE_INDICATOR)),
    b.gtu(b.or(b.and(selector, b.imm(INDEX)), b.imm(7)), b.stateAt(State.gdtr + 8, 4)),
  );

const isNull = (b: X86, selector: V): V => b.eqz(b.and(selector, b.imm(0xfffc)));

const attributesOf = (b: X86, { hi }: Words): V => b.and(b.shr(hi, b.imm(ATTRIBUTES_SHIFT)), b.imm(ATTRIBUTES));

/** Whether a descriptor has other attributes than these, or another DPL: an i32. */
const differs = (b: X86, words: Words, mask: number, attributes: number, level: V): V =>
  b.ne(b.and(attributesOf(b, words), b.imm(mask)), withLevel(b, attributes, level));

/** Loads CS or SS from a descriptor, or with null. */
function load(b: X86, register: SegmentRegister, selector: V, words: Words, none: V): void {
  const { lo, hi } = words;
  const unless = (v: V): V => b.select(none, b.i32(0), v);
  const base = b.or(
    b.or(b.shr(lo, b.imm(16)), b.shl(b.and(hi, b.imm(0xff)), b.imm(16))),
    b.and(hi, b.imm(0xff00_0000 | 0)),
  );
  const units = b.or(b.and(lo, b.imm(0xffff)), b.and(hi, b.imm(0xf_0000)));
  const attributes = attributesOf(b, words);
  const isLarge = b.and(attributes, b.imm(Attribute.Granularity));
  const limit = b.select(isLarge, b.or(b.shl(units, b.imm(12)), b.imm(0xfff)), units);
  setSegment(b, register, { selector, base: unless(base), limit: unless(limit), attributes: unless(attributes) });
}

/** Whether a data segment register holds a segment that programs must not keep: an i32. */
function hasPrivilegedData(b: X86): V {
  return DATA_SEGMENTS.map((register) => {
    const attributes = b.stateAt(State.segment + register * Segment.bytes + Segment.attributes, 4);
    const privileged = b.ne(b.and(attributes, b.imm(DPL)), b.imm(DPL));
    return b.and(b.ne(b.and(attributes, b.imm(Attribute.Present)), b.imm(0)), privileged);
  }).reduce((some, one) => b.or(some, one));
}

/**
 * IRETQ from CPL 0 to 64-bit code of CPL 0 or 3 (SDM vol. 2, IRET). Everything else is left to the vCPU: faults, other tables, segments that
 * have not been loaded before, single steps, RFLAGS.AC, and interrupts that are let in.
 */
function returnToLong(b: X86, info: InstructionInfo): void {
  const leaveIf = (condition: V): void => b.leaveToVcpuIf(condition, info, Op);
  b.leaveToVcpuIfWatched(info, Op);
  const odd = anyFlag(b, b.stateAt(State.eflags, 4), Flag.TF | Flag.AC | Flag.NT);
  leaveIf(
    b.or(
      b.or(b.stateAt(State.notPrivileged, 4), b.or(odd, restrictsTime(b))),
      isNotCanonical(b, b.fixed(Gpr.RSP, WIDE)),
    ),
  );
  const { rip, cs, rflags, rsp, ss } = popFrame(b);
  const level = b.and(cs, b.imm(RPL));
  const user = b.eq(level, b.imm(RPL));
  const mixed = b.ne(level, b.and(ss, b.imm(RPL)));
  const middle = b.and(b.ne(level, b.imm(0)), b.eqz(user));
  leaveIf(b.or(b.or(isNull(b, cs), isElsewhere(b, cs)), b.or(isElsewhere(b, ss), b.or(mixed, middle))));
  const code = readDescriptor(b, cs);
  leaveIf(differs(b, code, CODE_MASK, CODE_64, level));
  // A null selector has no descriptor to be read: that of CS has just been there.
  const none = isNull(b, ss);
  const stack = readDescriptor(b, b.select(none, cs, ss));
  const wrongStack = b.select(none, user, differs(b, stack, STACK_MASK, STACK, level));
  leaveIf(b.or(wrongStack, b.and(user, hasPrivilegedData(b))));
  // RF is for the next instruction alone. Without breakpoints it matters only if the turn ends before that.
  const resumes = b.and(b.eqz(b.spareTurn()), b.ne(anyFlag(b, rflags, Flag.RF), b.imm(0)));
  const unusual = b.or(anyFlag(b, rflags, Flag.TF | Flag.AC), b.or(letsInterruptIn(b, rflags), resumes));
  leaveIf(b.or(unusual, isNotCanonical(b, rip)));
  setFlagsRegister(b, b.and(rflags, b.imm(WRITABLE_FLAGS & ~(Flag.VM | Flag.RF))));
  enterLevel(b, user, rflags);
  load(b, SegmentRegister.CS, cs, code, b.i32(0));
  load(b, SegmentRegister.SS, ss, stack, none);
  b.setFixed(Gpr.RSP, WIDE, rsp);
  b.switchTo(rip);
}

/** IRET (SDM vol. 1, 5.1.8). @experimental */
export const interruptReturnRows: readonly X86Row[] = [
  inst('IRET', 'IRET, IRETD, IRETQ', ['CF sz'], {}, (b, _, info) => {
    if (b.isLong && info.size === WIDE) returnToLong(b, info);
    else b.leaveToVcpu(info, Op);
  }),
];
