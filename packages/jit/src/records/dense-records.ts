import { EngineState, PAGE_BITS, RECORD_BYTES, TlbEntry } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { BuiltIn } from './built-in.js';
import type { InstructionGeometry } from './instruction-geometry.js';
import { PAGE_OFFSET_MASK, RECORD_SHIFT, RecordPlan, STRADDLES } from './record-plan.js';
import type { CodePage, RecordMemory, RecordWriter } from './record-plan.js';

const PAGE_BYTES = 1 << PAGE_BITS;

/**
 * Layout of a slot: a map of u16 from offset in the page to record number (counted from the slot's start; 0: none),
 * the records, the region numbers.
 */
const Slot = {
  map: 0,
  records: 0x2000,
  /** End of the records; the rest of the slot is for their region numbers. */
  end: 0x7400,
  /** Offset of the first region number, minus an eighth of the offset of the first record. */
  regions: 0x7400 - (0x2000 >>> (RECORD_SHIFT - 1)),
  /** u32: offset of the first free record. */
  free: 0x7ff0,
} as const;

/**
 * The header of a record: u16 handler number; u16 with the instruction's offset in the page and its length (0:
 * unknown). At the end of a page, the length is the number of bytes after the page at which execution continues.
 */
const Header = { position: 2, lengthBits: 4, bytes: 4 } as const;
/**
 * The records of an instruction that continues in the next page are three in a row: `Straddle`, whose length ends at the
 * page's end, the instruction's own, and the one that continues in the next page.
 */
const STRADDLING_RECORDS = 3;
const LENGTH_MASK = (1 << Header.lengthBits) - 1;

/**
 * Records for instructions of several lengths: they are in the order in which they were decoded, and a map leads to
 * them. `pcBias` is the virtual address of the page. A run that meets decoded code ends in a `Goto`. A dropped record
 * keeps its place, so that jumps to it stay valid; when its instruction is decoded again elsewhere, it becomes a
 * `Goto`.
 *
 * @experimental
 */
export class DenseRecords extends RecordPlan {
  override readonly headerBytes = Header.bytes;
  override readonly sparse = true;
  protected override readonly regions = Slot.regions;

  /** @throws RangeError when instructions can be longer than a header can encode. */
  constructor(geometry: InstructionGeometry) {
    super(geometry);
    if (geometry.longest > LENGTH_MASK)
      throw new RangeError(`instructions of ${geometry.longest} bytes: a record says up to ${LENGTH_MASK}`);
  }

  override emitPc(code: CodeBuffer, cpu: number, ip: number): void {
    this.emitPage(code, cpu);
    emitPosition(code, ip);
    code.i32(Header.lengthBits).op(IntOp.shr[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
  }

  override emitNextPc(code: CodeBuffer, cpu: number, ip: number): void {
    this.emitPc(code, cpu, ip);
    emitPosition(code, ip);
    code.i32(LENGTH_MASK).op(IntOp.and[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
  }

  override emitNextPage(code: CodeBuffer, cpu: number, ip: number): void {
    this.emitPage(code, cpu);
    emitPosition(code, ip);
    code.i32(PAGE_BYTES).op(IntOp.add[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
  }

  override emitPage(code: CodeBuffer, cpu: number): void {
    code.get(cpu).memory(Op.i64_load, EngineState.pcBias);
  }

  override emitRecord(code: CodeBuffer, entry: number, pc: number): void {
    const emitMapped = (): void => {
      code.get(entry).memory(Op.i32_load, TlbEntry.code);
      code.get(pc).op(Op.i32_wrap_i64).i32(PAGE_OFFSET_MASK).op(IntOp.and[0]);
      code.i32(1).op(IntOp.shl[0]).op(IntOp.add[0]).memory(Op.i32_load16_u, Slot.map);
    };
    emitMapped();
    code.if(Ty.i32);
    code.get(entry).memory(Op.i32_load, TlbEntry.code);
    emitMapped();
    code.i32(RECORD_SHIFT).op(IntOp.shl[0]).op(IntOp.add[0]);
    code.else().i32(0).end();
  }

  override emitBias(code: CodeBuffer, cpu: number, pc: number): void {
    code.get(cpu).get(pc).i64(-PAGE_BYTES, -1).op(IntOp.and[1]).memory(Op.i64_store, EngineState.pcBias);
  }

  /**
   * Records are cleared when they are taken, and a map that was never used is clear: memory that is not used yet takes the
   * host time when it is first written.
   */
  override prepare({ u16, u32 }: RecordMemory, slot: number): void {
    const free = (slot + Slot.free) >>> 2;
    if (u32[free] !== 0) u16.fill(0, (slot + Slot.map) >>> 1, (slot + Slot.records) >>> 1);
    u32[free] = Slot.records;
  }

  override recordFor(memory: RecordMemory, slot: number, offset: number): number {
    const mapped = mappedRecord(memory, slot, offset);
    if (mapped !== 0) return mapped;
    if (!this.hasRoom(memory, slot, 0)) return 0;
    const record = take(memory, slot);
    enter(memory, slot, offset, record, 0);
    memory.u16[record >>> 1] = BuiltIn.Decode;
    return record;
  }

  override findDecoded(memory: RecordMemory, slot: number, offset: number): number {
    const record = mappedRecord(memory, slot, offset);
    return record !== 0 && memory.u16[record >>> 1] !== BuiltIn.Decode ? record : 0;
  }

  override offsetOf(memory: RecordMemory, record: number): number {
    const position = positionOf(memory, record);
    return memory.u16[record >>> 1] === BuiltIn.PageEnd ? PAGE_BYTES + position : position >>> Header.lengthBits;
  }

  override bounds(slot: number): readonly [number, number] {
    return [slot + Slot.records, slot + Slot.end];
  }

  override pcAddend(memory: RecordMemory, ip: number): number {
    return this.offsetOf(memory, ip);
  }

  /** Each instruction needs its record and possibly one for its jump target; one more ends the run. */
  override hasRoom({ u32 }: RecordMemory, slot: number, most: number): boolean {
    const free = u32[(slot + Slot.free) >>> 2] as number;
    return free + (2 * most + 2) * RECORD_BYTES <= Slot.end;
  }

  override decode(memory: RecordMemory, page: CodePage, record: number, most: number, writer: RecordWriter): number {
    const { slot } = page;
    let offset = this.offsetOf(memory, record);
    let at = record;
    if (!isLast(memory, slot, record)) {
      if (this.#decodeInPlace(memory, page, record, writer)) return 1;
      at = take(memory, slot);
      writeGoto(memory, record, at);
    }
    for (let count = 0; ; count++) {
      if (offset >= PAGE_BYTES) {
        writePageEnd(memory, at, offset - PAGE_BYTES);
        return count;
      }
      const known = count === 0 ? 0 : mappedRecord(memory, slot, offset);
      if (known !== 0) {
        setPosition(memory, at, offset, 0);
        writeGoto(memory, at, known);
        return count;
      }
      enter(memory, slot, offset, at, 0);
      // `Decode` until the target is decoded, which happens at the latest when control arrives.
      memory.u16[at >>> 1] = BuiltIn.Decode;
      if (count >= most) return count;
      const key = writer.keyAt(memory, page.code + offset, page.code + PAGE_BYTES);
      if (key === STRADDLES) {
        for (let i = 1; i < STRADDLING_RECORDS; i++) take(memory, slot);
        this.#writeStraddle(memory, at, offset);
        return count + 1;
      }
      const length = writer.lengthOf(key);
      enter(memory, slot, offset, at, length);
      // Taken before a record for the jump target, because the records of a run are consecutive.
      const next = take(memory, slot);
      if (writer.write(memory, page, at, key, offset)) most = 0;
      offset += length;
      at = next;
    }
  }

  override linkStraddling(
    memory: RecordMemory,
    page: CodePage,
    record: number,
    next: number,
    key: number,
    writer: RecordWriter,
  ): void {
    const offset = this.offsetOf(memory, record);
    const own = record + RECORD_BYTES;
    const end = offset + writer.lengthOf(key);
    if (end <= PAGE_BYTES) throw new Error('the instruction does not continue in the next page');
    setPosition(memory, own, offset, end - offset);
    writer.write(memory, page, own, key, offset);
    writePageEnd(memory, own + RECORD_BYTES, end - PAGE_BYTES);
    setNextSlot(memory, record, next);
  }

  override unlinkStraddling(memory: RecordMemory, slot: number, next: number): void {
    for (let offset = PAGE_BYTES - this.geometry.longest + 1; offset < PAGE_BYTES; offset++) {
      const record = mappedRecord(memory, slot, offset);
      if (record === 0 || memory.u16[record >>> 1] !== BuiltIn.Straddle) continue;
      if (nextSlotOf(memory, record) === next) setNextSlot(memory, record, 0);
    }
  }

  override startOf(memory: RecordMemory, record: number): number {
    return straddles(positionOf(memory, record)) ? record - RECORD_BYTES : record;
  }

  override nextOf(memory: RecordMemory, record: number): number {
    if ((positionOf(memory, record) & LENGTH_MASK) === 0) return 0;
    if (memory.u16[record >>> 1] !== BuiltIn.Straddle) return record + RECORD_BYTES;
    return nextSlotOf(memory, record) === 0 ? 0 : record + (STRADDLING_RECORDS - 1) * RECORD_BYTES;
  }

  /** Writes the first record of an instruction that continues in the next page, which is not linked to it. */
  #writeStraddle(memory: RecordMemory, record: number, offset: number): void {
    setPosition(memory, record, offset, PAGE_BYTES - offset);
    // Its own length is not known yet; this one says that it goes beyond the page.
    setPosition(memory, record + RECORD_BYTES, offset, this.geometry.longest);
    setNextSlot(memory, record, 0);
    memory.u16[record >>> 1] = BuiltIn.Straddle;
  }

  /** Writes the record of an instruction that has the same length as the one dropped there. */
  #decodeInPlace(memory: RecordMemory, page: CodePage, record: number, writer: RecordWriter): boolean {
    const position = positionOf(memory, record);
    const length = position & LENGTH_MASK;
    if (length === 0) return false;
    const offset = position >>> Header.lengthBits;
    const key = writer.keyAt(memory, page.code + offset, page.code + PAGE_BYTES);
    const next = positionOf(memory, record + RECORD_BYTES);
    const straddled = offset + length === PAGE_BYTES && straddles(next) && next >>> Header.lengthBits === offset;
    if ((key === STRADDLES) !== straddled) return false;
    if (straddled) this.#writeStraddle(memory, record, offset);
    else if (writer.lengthOf(key) === length) writer.write(memory, page, record, key, offset);
    else return false;
    return true;
  }

  override drop(memory: RecordMemory, slot: number, from: number, to: number): void {
    for (let offset = Math.max(0, from - this.geometry.longest + 1); offset < Math.min(to, PAGE_BYTES); offset++) {
      const record = mappedRecord(memory, slot, offset);
      if (record !== 0 && offset + (positionOf(memory, record) & LENGTH_MASK) > from)
        memory.u16[record >>> 1] = BuiltIn.Decode;
    }
  }
}

/** Pushes offset and length of the record at `ip`. */
function emitPosition(code: CodeBuffer, ip: number): void {
  code.get(ip).memory(Op.i32_load16_u, Header.position);
}

function positionOf({ u16 }: RecordMemory, record: number): number {
  return u16[(record + Header.position) >>> 1] as number;
}

/** Whether this is the position of an instruction that continues in the next page. */
const straddles = (position: number): boolean =>
  (position >>> Header.lengthBits) + (position & LENGTH_MASK) > PAGE_BYTES;

/** The slot of the next page that a `Straddle` record is linked to, or 0. */
function nextSlotOf({ u32 }: RecordMemory, record: number): number {
  return u32[(record + Header.bytes) >>> 2] as number;
}

function setNextSlot({ u32 }: RecordMemory, record: number, next: number): void {
  u32[(record + Header.bytes) >>> 2] = next;
}

/** The record that the map has for an offset, or 0. */
function mappedRecord({ u16 }: RecordMemory, slot: number, offset: number): number {
  const mapped = u16[(slot + Slot.map) / 2 + offset] as number;
  return mapped === 0 ? 0 : slot + (mapped << RECORD_SHIFT);
}

/** Maps an offset to a record; `length` is 0 as long as it is not decoded. */
function enter(memory: RecordMemory, slot: number, offset: number, record: number, length: number): void {
  memory.u16[(slot + Slot.map) / 2 + offset] = (record - slot) >>> RECORD_SHIFT;
  setPosition(memory, record, offset, length);
}

function setPosition({ u16 }: RecordMemory, record: number, offset: number, length: number): void {
  u16[(record + Header.position) >>> 1] = (offset << Header.lengthBits) | length;
}

/** Whether a record is the last one. */
function isLast({ u32 }: RecordMemory, slot: number, record: number): boolean {
  return record + RECORD_BYTES === slot + (u32[(slot + Slot.free) >>> 2] as number);
}

/** Allocates the next record, without a region. @throws Error when there is none: the caller must have checked `hasRoom`. */
function take({ u16, u32 }: RecordMemory, slot: number): number {
  const at = (slot + Slot.free) >>> 2;
  const free = u32[at] as number;
  if (free >= Slot.end) throw new Error('a slot of records is full');
  u32[at] = free + RECORD_BYTES;
  for (let word = 0; word < RECORD_BYTES / 4; word++) u32[(slot + free) / 4 + word] = 0;
  u16[(slot + Slot.regions + (free >>> (RECORD_SHIFT - 1))) >>> 1] = 0;
  return slot + free;
}

/** Ends a run whose last instruction ends `after` bytes after the end of the page. */
function writePageEnd(memory: RecordMemory, record: number, after: number): void {
  memory.u16[(record + Header.position) >>> 1] = after;
  memory.u16[record >>> 1] = BuiltIn.PageEnd;
}

function writeGoto({ u16, data }: RecordMemory, record: number, to: number): void {
  data.setInt32(record + Header.bytes, to - record, true);
  u16[record >>> 1] = BuiltIn.Goto;
}
