import { Ty } from '@qvm/jit';
import type { AccessOptions, V } from '@qvm/jit';
import type { MemoryOperand } from '../describe/operand.js';
import { Exit } from './exits.js';
import {
  GPR,
  SEGMENT_BASE,
  SEGMENT_FAULT,
  SEGMENT_READABLE,
  SEGMENT_START,
  SEGMENT_WRITABLE,
} from './register-files.js';
import { X86 } from './x86.js';
import type { RelativeJump, SegmentPlace } from './x86.js';

/** The bit of `MemoryOperand.scale` by which an address is shifted left and right, so that it is cut to 16 bits. */
const CUT_BIT = 0x10;

/**
 * The builder for code of 32 bits with flat segments: addresses wrap at 4 GiB; CS, FS and GS are checked where an
 * instruction names them. The upper halves of general registers are 0.
 *
 * @experimental
 */
export class X86Flat32 extends X86 {
  override get isLong(): boolean {
    return false;
  }

  protected override get hasNarrowRegisters(): boolean {
    return true;
  }

  // --- addresses ---

  override effectiveAddress({ base, index, scale, displacement, offset }: MemoryOperand): V {
    const bits = this.as(scale, Ty.i32);
    const scaled = this.shl(this.readReg(GPR, index, Ty.i32), this.and(bits, this.imm(3)));
    const placed = this.add(this.add(this.readReg(GPR, base, Ty.i32), scaled), this.as(displacement, Ty.i32));
    const sum = offset === undefined ? placed : this.add(placed, this.as(offset, Ty.i32));
    const cut = this.and(bits, this.imm(CUT_BIT));
    return this.shr(this.shl(sum, cut), cut);
  }

  override advance(offset: V, distance: V): V {
    return this.add(offset, distance);
  }

  override openIn(
    place: SegmentPlace,
    offset: V,
    bytes: number,
    access: 'read' | 'write' | 'readWrite',
    options?: AccessOptions,
  ): V {
    if (place.segmented) this.#check(place, offset, bytes, access);
    return super.openIn(place, offset, bytes, access, options);
  }

  override openInIf(condition: V, place: SegmentPlace, offset: V, bytes: number, access: 'read' | 'write'): V {
    if (place.segmented) this.#check(place, offset, bytes, access, condition);
    return super.openInIf(condition, place, offset, bytes, access);
  }

  override get vectorRegisters(): number {
    return 8;
  }

  override linearIn({ segment, segmented }: SegmentPlace, offset: V): V {
    return this.as(segmented ? this.add(offset, this.readReg(SEGMENT_BASE, segment, Ty.i32)) : offset, Ty.i64);
  }

  override roomIn(place: SegmentPlace, offset: V, access: 'read' | 'write', most: number): V | undefined {
    if (!place.segmented) return undefined;
    const { from, size } = this.#extent(place, offset, access);
    const room = this.sub(size, from);
    const limit = this.i64(most);
    return this.as(this.select(this.ltu(room, limit), room, limit), Ty.i32);
  }

  /** Raises #GP or #SS before any effect if `condition`, unless the segment allows an access (SDM vol. 3, 5.3). */
  #check(place: SegmentPlace, offset: V, bytes: number, access: 'read' | 'write' | 'readWrite', condition?: V): void {
    const { from, size } = this.#extent(place, offset, access);
    const isOutside = this.gtu(this.add(from, this.i64(bytes)), size);
    this.leaveIf(
      condition ? this.and(isOutside, this.ne(condition, this.imm(0))) : isOutside,
      Exit.Exception,
      this.readReg(SEGMENT_FAULT, place.segment, Ty.i32),
    );
  }

  /** Distance of an offset from the first valid one, and the bytes of the segment from that one on: i64. */
  #extent({ segment }: SegmentPlace, offset: V, access: 'read' | 'write' | 'readWrite'): { from: V; size: V } {
    const from = this.as(this.sub(offset, this.readReg(SEGMENT_START, segment, Ty.i32)), Ty.i64);
    return { from, size: this.readReg(access === 'read' ? SEGMENT_READABLE : SEGMENT_WRITABLE, segment, Ty.i64) };
  }

  // --- stack ---

  override get stackSize(): number {
    return 2;
  }

  // --- control ---

  override nextIp(): V {
    return this.as(this.as(this.nextPc(), Ty.i32), Ty.i64);
  }

  override jumpRelative(jump: RelativeJump): void {
    if (jump.size !== 1) {
      super.jumpRelative(jump);
      return;
    }
    const next = this.as(this.nextIp(), Ty.i32);
    const target = this.zx(this.add(next, this.as(jump.immediate, Ty.i32)), 16);
    const to = jump.condition === undefined ? target : this.select(jump.condition, target, next);
    this.jumpTo(this.as(to, Ty.i64), jump.call);
  }
}
