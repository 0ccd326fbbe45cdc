import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { SystemOperation } from '../builder/exits.js';
import { Gpr, Segment, SegmentRegister, State } from '../builder/layout.js';
import { Flag, WRITABLE_FLAGS } from '../builder/rflags.js';
import type { X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import { anyFlag, enterLevel, isNotCanonical, letsInterruptIn, restrictsTime, setSegment } from './privilege.js';
import { setFlagsRegister } from './rflags.js';

const Op = SystemOperation.Iret;
const WIDE = 3;
const [RPL, TABLE_INDICATOR, INDEX] = [3, 4, 0xfff8];
/** Fields of the second word of a descriptor (SDM vol. 3, 3.4.5). */
const Descriptor = {
  accessed: 1 << 8,
  writable: 1 << 9,
  conforming: 1 << 10,
  code: 1 << 11,
  codeOrData: 1 << 12,
  dplShift: 13,
  present: 1 << 15,
  long: 1 << 21,
  big: 1 << 22,
  granularity: 1 << 23,
  attributesShift: 8,
  attributesMask: 0xf0ff,
} as const;
const LOADED = Descriptor.present | Descriptor.codeOrData | Descriptor.accessed;
const LEVEL = 3 << Descriptor.dplShift;
const CODE_64 = LOADED | Descriptor.code | Descriptor.long;
const CODE_MASK = CODE_64 | Descriptor.conforming | Descriptor.big | LEVEL;
const STACK = LOADED | Descriptor.writable;
const STACK_MASK = STACK | Descriptor.code | LEVEL;
const DATA_SEGMENTS = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.FS, SegmentRegister.GS] as const;
const [PRESENT, DPL] = [0x80, 0x60];

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

/** Whether a descriptor has other fields than these, or another DPL: an i32. */
const differs = (b: X86, { hi }: Words, mask: number, fields: number, level: V): V =>
  b.ne(b.and(hi, b.imm(mask)), b.or(b.shl(level, b.imm(Descriptor.dplShift)), b.imm(fields)));

/** Loads CS or SS from a descriptor, or with null. */
function load(b: X86, register: SegmentRegister, selector: V, { lo, hi }: Words, none: V): void {
  const unless = (v: V): V => b.select(none, b.i32(0), v);
  const base = b.or(
    b.or(b.shr(lo, b.imm(16)), b.shl(b.and(hi, b.imm(0xff)), b.imm(16))),
    b.and(hi, b.imm(0xff00_0000 | 0)),
  );
  const units = b.or(b.and(lo, b.imm(0xffff)), b.and(hi, b.imm(0xf_0000)));
  const limit = b.select(b.and(hi, b.imm(Descriptor.granularity)), b.or(b.shl(units, b.imm(12)), b.imm(0xfff)), units);
  const attributes = b.and(b.shr(hi, b.imm(Descriptor.attributesShift)), b.imm(Descriptor.attributesMask));
  setSegment(b, register, { selector, base: unless(base), limit: unless(limit), attributes: unless(attributes) });
}

/** Whether a data segment register holds a segment that programs must not keep: an i32. */
function hasPrivilegedData(b: X86): V {
  return DATA_SEGMENTS.map((register) => {
    const attributes = b.stateAt(State.segment + register * Segment.bytes + Segment.attributes, 4);
    const privileged = b.ne(b.and(attributes, b.imm(DPL)), b.imm(DPL));
    return b.and(b.ne(b.and(attributes, b.imm(PRESENT)), b.imm(0)), privileged);
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
  const stack = readDescriptor(b, ss);
  const none = isNull(b, ss);
  const wrongStack = b.select(none, user, differs(b, stack, STACK_MASK, STACK, level));
  leaveIf(b.or(b.or(differs(b, code, CODE_MASK, CODE_64, level), wrongStack), b.and(user, hasPrivilegedData(b))));
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
