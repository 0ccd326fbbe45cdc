import type { VmMemory } from '@qvm/core/architecture';
import { CpuState } from '@qvm/engine';
import { FlagKind, Gpr, Segment, SegmentRegister, State } from '@qvm/isa-x86_64';
import type { RecordPlan } from '@qvm/jit';
import { ARITHMETIC_FLAGS, Cr0, Efer, Flag } from './control-bits.js';
import { Attribute } from './attributes.js';
import { packedFlags } from './lazy-flags.js';
import { packFlags, unpackFlags } from './packed-flags.js';

/** Size of code, in bits of its default operands. @experimental */
export type CodeSize = 16 | 32 | 64;

/**
 * The state of one x86_64 vCPU.
 *
 * @experimental
 */
export class X86State extends CpuState {
  /**
   * Whether segments have changed since this was set to false, so that code may be in another mode. In 64-bit mode only
   * CS matters.
   */
  segmentsChanged = true;
  /** Whether segments have changed since `Controls.select`, so that it must be called before code runs. */
  controlsStale = true;

  /** Bytes that {@link X86State.allocate} takes: bounce buffer and state. */
  static readonly bytes = CpuState.bytesFor(State.end);

  /** Allocates a vCPU's state in a VM's memory, with its bounce buffer below it. */
  static allocate(memory: VmMemory, plan: RecordPlan): X86State {
    return new X86State(memory, CpuState.place(memory, State.end), plan);
  }

  // --- general registers ---

  /** A general register, 64 bits, unsigned. */
  gpr(n: number): bigint {
    return this.u64(State.gpr + n * 8);
  }

  /** Sets all 64 bits of a general register. */
  setGpr(n: number, value: bigint): void {
    this.setU64(State.gpr + n * 8, BigInt.asUintN(64, value));
  }

  /** Bits 31–0 of a general register. */
  gpr32(n: number): number {
    return this.u32(State.gpr + n * 8);
  }

  /** Writes a register of 32 bits, which clears bits 63–32. */
  setGpr32(n: number, value: number): void {
    this.setHalves(State.gpr + n * 8, value, 0);
  }

  /** Writes bits 15–0 of a general register and keeps the others. */
  setGpr16(n: number, value: number): void {
    const at = State.gpr + n * 8;
    this.setU32(at, (this.u32(at) & ~0xffff) | (value & 0xffff));
  }

  /** Sets the two halves of a field of 64 bits. */
  setHalves(offset: number, lo: number, hi: number): void {
    this.setU32(offset, lo);
    this.setU32(offset + 4, hi);
  }

  // --- flags ---

  /** RFLAGS: 32 bits, unsigned; bits 63–32 are 0. */
  get rflags(): number {
    const direction = this.u32(State.direction) === 1 ? 0 : Flag.DF;
    return (this.u32(State.eflags) | direction | Flag.Fixed | unpackFlags(packedFlags(this))) >>> 0;
  }

  set rflags(value: number) {
    this.setU32(State.eflags, (value & ~(ARITHMETIC_FLAGS | Flag.DF)) | Flag.Fixed);
    this.setU32(State.direction, value & Flag.DF ? -1 : 1);
    this.setU32(State.flagKind, FlagKind.Packed);
    this.setHalves(State.flagX, packFlags(value), 0);
  }

  /** RFLAGS without the arithmetic flags and DF. */
  get systemFlags(): number {
    return this.u32(State.eflags);
  }

  /** Sets and clears flags other than the arithmetic flags and DF. */
  changeSystemFlags(clear: number, set: number): void {
    this.setU32(State.eflags, (this.u32(State.eflags) & ~clear) | set);
  }

  /** The zero flag alone, as instructions such as LAR set it. */
  set zeroFlag(zero: boolean) {
    this.rflags = zero ? this.rflags | Flag.ZF : this.rflags & ~Flag.ZF;
  }

  // --- modes ---

  /** Current privilege level. */
  get cpl(): number {
    return this.u32(State.cpl);
  }

  set cpl(level: number) {
    this.setU32(State.cpl, level);
  }

  /** Whether CR0.PE is set. */
  get protectedMode(): boolean {
    return (this.u32(State.cr0) & Cr0.PE) !== 0;
  }

  /** Whether IA-32e mode is active (EFER.LMA): 64-bit mode or compatibility mode. */
  get longMode(): boolean {
    return (this.u32(State.efer) & Efer.LMA) !== 0;
  }

  /** Whether the vCPU is in virtual-8086 mode. */
  get virtual8086(): boolean {
    return (this.u32(State.eflags) & Flag.VM) !== 0;
  }

  /** Whether segments have the rules of real mode: real-address mode and virtual-8086 mode. */
  get realSegments(): boolean {
    return !this.protectedMode || this.virtual8086;
  }

  /** Size of the code that runs. */
  get codeSize(): CodeSize {
    const attributes = this.attributes(SegmentRegister.CS);
    if (this.longMode && attributes & Attribute.L) return 64;
    return attributes & Attribute.DB ? 32 : 16;
  }

  /** Whether 64-bit mode is active: IA-32e mode with CS.L. */
  get mode64(): boolean {
    return this.longMode && (this.attributes(SegmentRegister.CS) & Attribute.L) !== 0;
  }

  /** Width of the stack pointer in bits: 64 in 64-bit mode, otherwise as SS.B says. */
  get stackSize(): CodeSize {
    if (this.mode64) return 64;
    return this.attributes(SegmentRegister.SS) & Attribute.DB ? 32 : 16;
  }

  // --- segments ---

  /** Selector of a segment register, LDTR or TR. */
  selector(n: SegmentRegister): number {
    return this.u32(segmentAt(n) + Segment.selector);
  }

  /** Limit of a segment in bytes. */
  limit(n: SegmentRegister): number {
    return this.u32(segmentAt(n) + Segment.limit);
  }

  /** {@link Attribute} bits of a segment. */
  attributes(n: SegmentRegister): number {
    return this.u32(segmentAt(n) + Segment.attributes);
  }

  /** The base that addresses use: 0 for ES, CS, SS and DS in 64-bit mode. A canonical address as a signed number. */
  base(n: SegmentRegister): number {
    const at = baseAt(n);
    return (this.u32(at + 4) | 0) * 2 ** 32 + this.u32(at);
  }

  /** Writes all of a segment register; the base is a canonical address as a signed number. */
  setSegment(n: SegmentRegister, selector: number, base: number, limit: number, attributes: number): void {
    const at = segmentAt(n);
    this.setU32(at + Segment.selector, selector);
    this.setU32(at + Segment.limit, limit);
    this.setU32(at + Segment.attributes, attributes);
    if (n === SegmentRegister.CS || !this.mode64) this.segmentsChanged = this.controlsStale = true;
    if (n <= SegmentRegister.DS) this.setU32(at + Segment.base, base);
    // The base of a code segment is that of the mode which the caller now enters.
    const ignored = n <= SegmentRegister.DS && n !== SegmentRegister.CS && this.mode64;
    this.setBase(n, ignored ? 0 : base);
  }

  /** Writes the selector alone. */
  setSelector(n: SegmentRegister, selector: number): void {
    this.setU32(segmentAt(n) + Segment.selector, selector);
  }

  /** Writes {@link Attribute} bits alone. */
  setAttributes(n: SegmentRegister, attributes: number): void {
    this.setU32(segmentAt(n) + Segment.attributes, attributes);
  }

  /** Writes the base that addresses use. */
  setBase(n: SegmentRegister, base: number): void {
    this.setHalves(baseAt(n), base >>> 0, Math.floor(base / 2 ** 32) >>> 0);
  }

  /** Gives ES, CS, SS and DS the bases of the mode: 0 in 64-bit mode, otherwise those of their descriptors. */
  refreshBases(): void {
    const flat = this.mode64;
    for (let n = SegmentRegister.ES; n <= SegmentRegister.DS; n++)
      this.setHalves(baseAt(n), flat ? 0 : this.u32(segmentAt(n) + Segment.base), 0);
  }

  /**
   * Clears bits 63–32 of RAX to RDI. They are not preserved when the processor leaves 64-bit mode (SDM vol. 1, 3.4.1.1).
   */
  narrowRegisters(): void {
    for (let n = Gpr.RAX; n <= Gpr.RDI; n++) this.setU32(State.gpr + n * 8 + 4, 0);
  }

  /** Sets all bytes to zero. */
  clear(): void {
    this.memory.u8.fill(0, this.address, this.address + State.end);
    this.setU64(State.pageUp, 4096n);
    this.setU64(State.pageDown, BigInt.asUintN(64, -4096n));
    this.setU32(State.direction, 1);
    this.setU32(State.eflags, Flag.Fixed);
  }
}

const segmentAt = (n: SegmentRegister): number => State.segment + n * Segment.bytes;

function baseAt(n: SegmentRegister): number {
  if (n === SegmentRegister.LDTR) return State.ldtrBase;
  return n === SegmentRegister.TR ? State.trBase : State.segmentBase + n * 8;
}
