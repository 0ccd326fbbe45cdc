import { Ty, fixedRegister } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemInfo, SystemOperation, Vector, WITH_ERROR_CODE } from './exits.js';
import { Gpr, SegmentRegister, State } from './layout.js';
import { SEGMENT_BASE, SEGMENT_LIMIT } from './register-files.js';
import { X86Flat32 } from './x86-flat32.js';
import type { RelativeJump, SegmentPlace } from './x86.js';

const place = (segment: SegmentRegister): SegmentPlace => ({ segment: fixedRegister(segment), segmented: true });
const [CODE, STACK, EXTRA] = [SegmentRegister.CS, SegmentRegister.SS, SegmentRegister.ES].map(place) as [
  SegmentPlace,
  SegmentPlace,
  SegmentPlace,
];
/** RFLAGS.VM. */
const VM_SHIFT = 17;

/**
 * The builder for code of 16 and 32 bits in any segments: every access is checked; the instruction pointer is an offset in CS;
 * SS.B gives the width of the stack pointer.
 *
 * @experimental
 */
export class X86Segmented extends X86Flat32 {
  override get extraSegment(): SegmentPlace {
    return EXTRA;
  }

  override realAddresses(): V {
    return this.stateAt(State.realSegments, 4);
  }

  override requireProtectedMode(): void {
    this.leaveIfState(State.realSegments, Exit.Exception, this.i32(Vector.UD));
  }

  override checkFetch(): void {
    const beyond = (last: V): V => this.gtu(this.#ipOf(last), this.#codeLimit());
    this.leaveIfFetched(beyond, Exit.Exception, this.i32(Vector.GP | WITH_ERROR_CODE));
  }

  override requireFlagAccess(): void {
    const virtual = this.and(this.shr(this.stateAt(State.eflags, 4), this.imm(VM_SHIFT)), this.imm(1));
    this.raiseIf(this.and(virtual, this.stateAt(State.interruptFlagTrap, 4)), Vector.GP, true);
  }

  // --- stack ---

  override setStackPointer(pointer: V): void {
    const mask = this.stateAt(State.stackMask, 4);
    const kept = this.and(this.fixed(Gpr.RSP, 2), this.not(mask));
    super.setStackPointer(this.or(kept, this.and(pointer, mask)));
  }

  override openStack(pointer: V, bytes: number, access: 'read' | 'write'): V {
    return this.openIn(STACK, this.and(pointer, this.stateAt(State.stackMask, 4)), bytes, access);
  }

  // --- control ---

  override nextIp(): V {
    return this.as(this.#ipOf(this.nextPc()), Ty.i64);
  }

  /** A jump of 16 bits that wraps is left to the vCPU, so that others are direct. */
  override jumpRelative({ size, immediate, target, condition, call }: RelativeJump): void {
    const sum = this.add(this.#ipOf(this.nextPc()), this.as(immediate, Ty.i32));
    const ip = this.cut(sum, size);
    const taken = condition ?? this.i32(1);
    this.#requireCode(ip, taken);
    if (size === 1) {
      const operation = call ? SystemOperation.CallNear : SystemOperation.JumpNear;
      const info = this.i32(operation | (size << SystemInfo.sizeShift));
      const note = { offset: State.operandAddress, value: this.as(ip, Ty.i64) };
      this.leaveIf(this.and(taken, this.ne(sum, ip)), Exit.System, info, note);
    }
    if (condition === undefined) this.jump(target, call);
    else this.branch(condition, target);
  }

  override jumpNear(address: V, call = false): void {
    const ip = this.as(address, Ty.i32);
    this.#requireCode(ip, this.i32(1));
    this.jumpTo(this.linearIn(CODE, ip), call);
  }

  /** Raises #GP(0) before any effect if a jump is taken to an instruction pointer beyond the limit of CS. */
  #requireCode(ip: V, taken: V): void {
    this.raiseIf(this.and(taken, this.gtu(ip, this.#codeLimit())), Vector.GP, true);
  }

  #codeLimit(): V {
    return this.readReg(SEGMENT_LIMIT, CODE.segment, Ty.i32);
  }

  /** The instruction pointer of a linear address: an i32. */
  #ipOf(address: V): V {
    return this.sub(this.as(address, Ty.i32), this.readReg(SEGMENT_BASE, CODE.segment, Ty.i32));
  }
}
