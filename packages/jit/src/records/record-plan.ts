import { CODE_SLOT_BYTES, PAGE_BITS, RECORD_BYTES } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { InstructionGeometry } from './instruction-geometry.js';

const PAGE_BYTES = 1 << PAGE_BITS;

/**
 * The memory that guest code and records lie in, as views of the same bytes.
 *
 * @experimental
 */
export interface RecordMemory {
  readonly data: DataView;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
}

/**
 * A page of guest code and the slot of its records.
 *
 * @experimental
 */
export interface CodePage {
  /** VM memory address of the page. */
  readonly code: number;
  /** VM memory address of its slot. */
  readonly slot: number;
}

/**
 * Decodes single instructions for {@link RecordPlan.decode}.
 *
 * @experimental
 */
export interface RecordWriter {
  /** The key of the instruction at VM memory address `at`; {@link STRADDLES} when it does not end before `end`. */
  keyAt(memory: RecordMemory, at: number, end: number): number;
  /** Bytes of the instruction with a key. */
  lengthOf(key: number): number;
  /**
   * Writes the record of the instruction with a key.
   *
   * @param offset - of the instruction in its page.
   * @returns whether control always or sometimes leaves the sequence here, so that decoding ahead may stop.
   */
  write(memory: RecordMemory, page: CodePage, record: number, key: number, offset: number): boolean;
}

/** Instead of a key: the instruction goes on in the next page. @experimental */
export const STRADDLES = -1;

/**
 * The layout of the records of one page of guest code in its slot, and all that depends on it: how generated code gets from a pc to a
 * record and back, and how records are found, written and dropped. A slot has {@link CODE_SLOT_BYTES} bytes and that alignment. Each
 * record has a region number of 16 bits, 0 where no region begins.
 *
 * @experimental
 */
export abstract class RecordPlan {
  /** Bytes of a record before its fields. */
  abstract readonly headerBytes: number;
  /** Offset in a slot of the region numbers, less an eighth of the offset of the first record. */
  protected abstract readonly regions: number;
  /** Whether instructions may be without a record, and records be joined by `Goto`. */
  abstract readonly sparse: boolean;

  constructor(readonly geometry: InstructionGeometry) {}

  // --- generated code ---

  /** Leaves the pc of the record at `ip` on the stack. */
  abstract emitPc(code: CodeBuffer, cpu: number, ip: number): void;
  /** Leaves the pc after the instruction of the record at `ip` on the stack. */
  abstract emitNextPc(code: CodeBuffer, cpu: number, ip: number): void;
  /** Leaves the pc in the next page on the stack at which control goes on after the record at `ip`, which stands at a page's end. */
  abstract emitNextPage(code: CodeBuffer, cpu: number, ip: number): void;
  /** Leaves the virtual address of the page of the record at `ip` on the stack. */
  abstract emitPage(code: CodeBuffer, cpu: number, ip: number): void;
  /** Leaves the address of the record of a pc on the stack, 0 if there is none. `entry`: local of the TLB entry of its page. */
  abstract emitRecord(code: CodeBuffer, entry: number, pc: number): void;
  /** Notes in the state that the record at `ip` is of the instruction at `pc`. */
  abstract emitBias(code: CodeBuffer, cpu: number, pc: number, ip: number): void;

  /** Leaves the region number of the record at `ip` on the stack. */
  emitRegionNumber(code: CodeBuffer, ip: number): void {
    code.get(ip).i32(-CODE_SLOT_BYTES).op(IntOp.and[0]);
    code
      .get(ip)
      .i32(CODE_SLOT_BYTES - 1)
      .op(IntOp.and[0])
      .i32(REGION_SHIFT)
      .op(IntOp.shr[0])
      .op(IntOp.add[0]);
    code.memory(Op.i32_load16_u, this.regions);
  }

  /** Leaves the page of a pc on the stack, as it stands in the tag of a TLB entry; another number for a misaligned pc. */
  emitTag(code: CodeBuffer, pc: number): void {
    code
      .get(pc)
      .i64(-PAGE_BYTES | (this.geometry.unit - 1), -1)
      .op(IntOp.and[1]);
  }

  /** Leaves on the stack whether a pc is canonical and aligned: an i32. */
  emitIsFetchable(code: CodeBuffer, pc: number): void {
    const { unit, addressBits } = this.geometry;
    const above = 64 - addressBits;
    code.get(pc).i64(above).op(IntOp.shl[1]).i64(above).op(IntOp.sar[1]).get(pc).op(IntOp.eq[1]);
    if (unit === 1) return;
    code
      .get(pc)
      .op(Op.i32_wrap_i64)
      .i32(unit - 1)
      .op(IntOp.and[0])
      .op(Op.i32_eqz)
      .op(IntOp.and[0]);
  }

  // --- the engine ---

  /** Makes a slot ready for a page of which nothing is decoded. */
  abstract prepare(memory: RecordMemory, slot: number): void;
  /** Address of the record of the instruction at an offset in the page, decoded or to be decoded; 0 when the slot is full. */
  abstract recordFor(memory: RecordMemory, slot: number, offset: number): number;
  /** Address of the record of the instruction at an offset in the page, if that is decoded, else 0. */
  abstract findDecoded(memory: RecordMemory, slot: number, offset: number): number;
  /** Offset in its page of the instruction of a record. */
  abstract offsetOf(memory: RecordMemory, record: number): number;
  /** Address of the first record of a slot, and the address after its last one. */
  abstract bounds(slot: number): readonly [number, number];
  /** The difference between the pc of the record at `ip` and `EngineState.pcBias`: 0 to 2^32 − 1. */
  abstract pcAddend(memory: RecordMemory, ip: number): number;

  /**
   * Decodes the instruction of a record, and others after it.
   *
   * @param most - how many, at most.
   * @returns how many.
   */
  abstract decode(memory: RecordMemory, page: CodePage, record: number, most: number, writer: RecordWriter): number;

  /**
   * Decodes an instruction that begins in a page and ends in the next. A slot of its own holds its record, and one that goes on in the
   * next page.
   *
   * @param page - the page that it begins in, and that slot, which is prepared for it.
   * @param offset - where in the page it begins.
   * @param key - of the instruction.
   * @returns the address of its record.
   * @throws Error where no instruction does that.
   */
  abstract decodeStraddling(
    memory: RecordMemory,
    page: CodePage,
    offset: number,
    key: number,
    writer: RecordWriter,
  ): number;

  /** Whether the slot has room for {@link decode} with this `most`. Otherwise it must be prepared anew first. */
  abstract hasRoom(memory: RecordMemory, slot: number, most: number): boolean;

  /**
   * Makes records that were decoded from bytes `from` to `to` (exclusive) of the page undecoded. Their fields stay: an instruction
   * that writes to its own page still reads its operands.
   */
  abstract drop(memory: RecordMemory, slot: number, from: number, to: number): void;

  /** Address of the region number of a record. */
  regionAddress(record: number): number {
    return this.slotOf(record) + this.regions + ((record & (CODE_SLOT_BYTES - 1)) >>> REGION_SHIFT);
  }

  /** Address of the slot of a record. */
  slotOf(record: number): number {
    return (record & -CODE_SLOT_BYTES) >>> 0;
  }
}

/** log2 of the bytes of a record. @internal */
export const RECORD_SHIFT = Math.log2(RECORD_BYTES);
/** log2 of the bytes of a record for each byte of its region number. */
const REGION_SHIFT = RECORD_SHIFT - 1;
/** Offset of an address in its page. @internal */
export const PAGE_OFFSET_MASK = PAGE_BYTES - 1;
