import { CODE_SLOT_BYTES, PAGE_BITS, RECORD_BYTES } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { InstructionGeometry } from './instruction-geometry.js';

const PAGE_BYTES = 1 << PAGE_BITS;

/**
 * The memory that contains guest code and records, as views of the same bytes.
 *
 * @experimental
 */
export interface RecordMemory {
  /** For numbers of any alignment. */
  readonly data: DataView;
  /** For numbers at multiples of 2. */
  readonly u16: Uint16Array;
  /** For numbers at multiples of 4. */
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
  /** The key of the instruction at VM memory address `at`; {@link STRADDLES} if it does not end before `end`. */
  keyAt(memory: RecordMemory, at: number, end: number): number;
  /** Length in bytes of the instruction with a key. */
  lengthOf(key: number): number;
  /**
   * Writes the record of the instruction with a key.
   *
   * @param offset - offset of the instruction in its page.
   * @returns whether control always or sometimes leaves the sequence at this instruction, so that decoding ahead may
   * stop.
   */
  write(memory: RecordMemory, page: CodePage, record: number, key: number, offset: number): boolean;
}

/** Replaces the key of an instruction that continues in the next page. @experimental */
export const STRADDLES = -1;

/**
 * The layout of the records of one page of guest code in its slot, and everything that depends on it: how generated
 * code converts between pc and record, and how records are found, written and dropped. A slot has {@link
 * CODE_SLOT_BYTES} bytes and that alignment. Each record has a region number of 16 bits, which is 0 if no region
 * begins there.
 *
 * @experimental
 */
export abstract class RecordPlan {
  /** Size in bytes of a record's header, before its fields. */
  abstract readonly headerBytes: number;
  /** Offset of the region numbers in a slot, minus an eighth of the offset of the first record. */
  protected abstract readonly regions: number;
  /** Whether instructions may lack a record, and records may be connected by `Goto`. */
  abstract readonly sparse: boolean;

  constructor(
    /** Unit and lengths of the architecture's instructions. */
    readonly geometry: InstructionGeometry,
  ) {}

  // --- generated code ---

  /** Pushes the pc of the record at `ip`. */
  abstract emitPc(code: CodeBuffer, cpu: number, ip: number): void;
  /** Pushes the pc of the instruction after that of the record at `ip`. */
  abstract emitNextPc(code: CodeBuffer, cpu: number, ip: number): void;
  /**
   * Pushes the pc in the next page at which execution continues after the record at `ip`, which is at the end of a
   * page.
   */
  abstract emitNextPage(code: CodeBuffer, cpu: number, ip: number): void;
  /** Pushes the virtual address of the page of the record at `ip`. */
  abstract emitPage(code: CodeBuffer, cpu: number, ip: number): void;
  /** Pushes the address of the record of a pc, 0 if there is none. `entry`: local with the TLB entry of its page. */
  abstract emitRecord(code: CodeBuffer, entry: number, pc: number): void;
  /** Records in the state that the record at `ip` is that of the instruction at `pc`. */
  abstract emitBias(code: CodeBuffer, cpu: number, pc: number, ip: number): void;

  /** Pushes the region number of the record at `ip`. */
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

  /** Pushes the page of a pc in the form of a TLB entry's tag; for a misaligned pc, a number that matches no tag. */
  emitTag(code: CodeBuffer, pc: number): void {
    code
      .get(pc)
      .i64(-PAGE_BYTES | (this.geometry.unit - 1), -1)
      .op(IntOp.and[1]);
  }

  /** Pushes whether a pc is canonical and aligned: an i32. */
  emitIsFetchable(code: CodeBuffer, pc: number): void {
    const { unit, addressBits, unsigned } = this.geometry;
    const above = 64 - addressBits;
    const extend = unsigned ? IntOp.shr[1] : IntOp.sar[1];
    code.get(pc).i64(above).op(IntOp.shl[1]).i64(above).op(extend).get(pc).op(IntOp.eq[1]);
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

  /** Prepares a slot, which is zero or was prepared by this plan before, for a page without decoded instructions. */
  abstract prepare(memory: RecordMemory, slot: number): void;
  /** Address of the record for the instruction at an offset in the page, decoded or not; 0 if the slot is full. */
  abstract recordFor(memory: RecordMemory, slot: number, offset: number): number;
  /** Address of the record of the instruction at an offset in the page if it is decoded, otherwise 0. */
  abstract findDecoded(memory: RecordMemory, slot: number, offset: number): number;
  /** Offset in its page of a record's instruction. */
  abstract offsetOf(memory: RecordMemory, record: number): number;
  /** Address of the first record of a slot, and the address after the last one. */
  abstract bounds(slot: number): readonly [number, number];
  /** The pc of the record at `ip` minus `EngineState.pcBias`: 0 to 2^32 − 1. */
  abstract pcAddend(memory: RecordMemory, ip: number): number;

  /**
   * Decodes the instruction of a record, and others after it.
   *
   * @param most - largest number of instructions.
   * @returns the number of instructions.
   */
  abstract decode(memory: RecordMemory, page: CodePage, record: number, most: number, writer: RecordWriter): number;

  /**
   * Decodes an instruction that begins in a page and ends in the next, and links its record to the next page. Generated
   * code executes the instruction as long as the TLB leads to that page; otherwise it returns with
   * `ExitReason.Straddle`. The slot must have room for the record of a jump's target: see {@link hasRoom}.
   *
   * @param page - the page in which the instruction begins.
   * @param record - its `Straddle` record.
   * @param next - address of the slot of the next page.
   * @param key - key of the instruction, from a contiguous copy of its bytes.
   * @throws Error when the plan has no such instructions, or this is not one.
   */
  abstract linkStraddling(
    memory: RecordMemory,
    page: CodePage,
    record: number,
    next: number,
    key: number,
    writer: RecordWriter,
  ): void;

  /**
   * Removes the links from a slot to the slot of a next page, in which the end of an instruction may have been
   * overwritten.
   */
  abstract unlinkStraddling(memory: RecordMemory, slot: number, next: number): void;

  /**
   * The record at which a vCPU must begin to execute the instruction of a record: another one only for an instruction
   * that continues in the next page, which must be looked up again.
   */
  abstract startOf(memory: RecordMemory, record: number): number;

  /** The record after that of a decoded instruction; 0 if the length of the instruction is not known. */
  abstract nextOf(memory: RecordMemory, record: number): number;

  /** Whether the slot has room for {@link decode} with this `most`. If not, it must be prepared again first. */
  abstract hasRoom(memory: RecordMemory, slot: number, most: number): boolean;

  /**
   * Marks the records that were decoded from bytes `from` to `to` (exclusive) of the page as not decoded. Their fields
   * stay: an instruction that writes to its own page still reads its operands.
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
