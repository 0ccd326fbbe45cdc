import type { V } from '@qvm/jit';
import { Cr4 } from '../builder/control-registers.js';
import type { SegmentRegister } from '../builder/layout.js';
import { Segment, State } from '../builder/layout.js';
import { Flag, IOPL_SHIFT } from '../builder/rflags.js';
import type { X86 } from '../builder/x86.js';

/** Number of the lowest bit of the DPL in attributes. @internal */
export const DPL_SHIFT = 5;
const FLAT_LIMIT = 0xffff_ffff;
/** Bits of an address that are copies of its bit 47. */
const UPPER_BITS = 16;

/** The parts of a segment register of 64-bit mode, i32 each; the base has no effect there. @internal */
export interface SegmentValues {
  /** Bits above 15 are 0. */
  readonly selector: V;
  readonly attributes: V;
  /** Default: 4 GiB. */
  readonly limit?: V;
  /** Default: 0. */
  readonly base?: V;
}

/** Writes CS or SS in 64-bit mode. @internal */
export function setSegment(b: X86, register: SegmentRegister, values: SegmentValues): void {
  const at = State.segment + register * Segment.bytes;
  b.setState(at + Segment.selector, values.selector);
  b.setState(at + Segment.limit, values.limit ?? b.i32(FLAT_LIMIT | 0));
  b.setState(at + Segment.attributes, values.attributes);
  b.setState(at + Segment.base, values.base ?? b.i32(0));
}

/** Attributes of DPL 0 with another DPL, a number or an i32. @internal */
export const withLevel = (b: X86, attributes: number, level: V): V =>
  b.or(b.shl(level, b.imm(DPL_SHIFT)), b.imm(attributes));

/**
 * Enters CPL 0 or 3 in 64-bit mode, and sets what follows from that (`Controls.select`): not while `State.watched`, not with
 * CR4.TSD, and RFLAGS.AC must be 0.
 *
 * @param user - whether the new level is 3: an i32, 0 or 1.
 * @param rflags - the new RFLAGS.
 * @internal
 */
export function enterLevel(b: X86, user: V, rflags: V): void {
  const inputOutput = b.and(b.shr(rflags, b.imm(IOPL_SHIFT)), b.imm(3));
  const bank = b.select(user, b.stateAt(State.userBank, 4), b.stateAt(State.supervisorBank, 4));
  b.setState(State.cpl, b.mul(user, b.imm(3)));
  b.setState(State.notPrivileged, user);
  b.setState(State.interruptFlagTrap, b.and(user, b.ne(inputOutput, b.imm(3))));
  b.setState(State.bank, bank);
  b.setState(State.unprivilegedBank, bank);
}

/** Whether CR4.TSD is set, by which RDTSC depends on the level: an i32, not 0. @internal */
export const restrictsTime = (b: X86): V => b.and(b.stateAt(State.cr4, 4), b.imm(Cr4.TSD));

/** Whether any of some flags is set: an i32, not 0. @internal */
export const anyFlag = (b: X86, rflags: V, flags: number): V => b.and(rflags, b.imm(flags));

/** Whether RFLAGS.IF is set and an interrupt waits for it, which the vCPU then takes: an i32. @internal */
export const letsInterruptIn = (b: X86, rflags: V): V =>
  b.and(b.ne(anyFlag(b, rflags, Flag.IF), b.imm(0)), b.ne(b.stateAt(State.pendingInterrupt, 4), b.imm(0)));

/** Whether an i64 is no canonical address of 48 bits: an i32. @internal */
export const isNotCanonical = (b: X86, address: V): V =>
  b.ne(b.sar(b.shl(address, b.imm(UPPER_BITS)), b.imm(UPPER_BITS)), address);
