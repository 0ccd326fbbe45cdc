import { CODE_SLOT_BYTES, EngineState, PAGE_BITS, RECORD_BYTES, TlbEntry } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { BuiltIn } from './built-in.js';
import type { InstructionGeometry } from './instruction-geometry.js';
import { PAGE_OFFSET_MASK, RECORD_SHIFT, RecordPlan } from './record-plan.js';
import type { CodePage, RecordMemory, RecordWriter } from './record-plan.js';

const PAGE_BYTES = 1 << PAGE_BITS;
/**
 * Offset of the region numbers in a slot: after the records, the one at the page's end, and a gap up to the next cache
 * line.
 */
const REGIONS = 0x4040;

/**
 * Records for instructions of one length: they are in the order of the instructions, so that the pc follows from the
 * address of the record: `pc = pcBias + (ip >> shift)`. An additional record after the last one continues in the next
 * page.
 *
 * @experimental
 */
export class FixedRecords extends RecordPlan {
  override readonly headerBytes = 2;
  override readonly sparse = false;
  protected override readonly regions = REGIONS;
  /** log2 of the ratio between the sizes of a record and an instruction. */
  readonly #shift: number;
  readonly #records: number;

  /** @throws RangeError when the records of a page do not fit into a slot. */
  constructor(geometry: InstructionGeometry) {
    super(geometry);
    this.#shift = RECORD_SHIFT - Math.log2(geometry.unit);
    this.#records = PAGE_BYTES / geometry.unit;
    if ((this.#records + 1) * RECORD_BYTES > REGIONS)
      throw new RangeError(`instructions of ${geometry.unit} bytes: their records do not fit a slot`);
  }

  override emitPc(code: CodeBuffer, cpu: number, ip: number): void {
    code.get(cpu).memory(Op.i64_load, EngineState.pcBias);
    code.get(ip).i32(this.#shift).op(IntOp.shr[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
  }

  override emitNextPc(code: CodeBuffer, cpu: number, ip: number): void {
    this.emitPc(code, cpu, ip);
    code.i64(this.geometry.unit).op(IntOp.add[1]);
  }

  override emitNextPage(code: CodeBuffer, cpu: number, ip: number): void {
    this.emitPc(code, cpu, ip);
  }

  override emitPage(code: CodeBuffer, cpu: number, ip: number): void {
    code.get(cpu).memory(Op.i64_load, EngineState.pcBias);
    code
      .get(ip)
      .i32(-CODE_SLOT_BYTES)
      .op(IntOp.and[0])
      .i32(this.#shift)
      .op(IntOp.shr[0])
      .op(Op.i64_extend_i32_u)
      .op(IntOp.add[1]);
  }

  override emitRecord(code: CodeBuffer, entry: number, pc: number): void {
    code.get(entry).memory(Op.i32_load, TlbEntry.code);
    code
      .get(pc)
      .op(Op.i32_wrap_i64)
      .i32(PAGE_OFFSET_MASK)
      .op(IntOp.and[0])
      .i32(this.#shift)
      .op(IntOp.shl[0])
      .op(IntOp.add[0]);
  }

  override emitBias(code: CodeBuffer, cpu: number, pc: number, ip: number): void {
    code
      .get(cpu)
      .get(pc)
      .get(ip)
      .i32(this.#shift)
      .op(IntOp.shr[0])
      .op(Op.i64_extend_i32_u)
      .op(IntOp.sub[1])
      .memory(Op.i64_store, EngineState.pcBias);
  }

  override prepare({ u16 }: RecordMemory, slot: number): void {
    u16[(slot + this.#records * RECORD_BYTES) >>> 1] = BuiltIn.PageEnd;
  }

  override recordFor(_memory: RecordMemory, slot: number, offset: number): number {
    return slot + (offset << this.#shift);
  }

  override findDecoded({ u16 }: RecordMemory, slot: number, offset: number): number {
    const record = slot + (offset << this.#shift);
    return u16[record >>> 1] === BuiltIn.Decode ? 0 : record;
  }

  override offsetOf(_memory: RecordMemory, record: number): number {
    return (record & (CODE_SLOT_BYTES - 1)) >>> this.#shift;
  }

  override bounds(slot: number): readonly [number, number] {
    return [slot, slot + this.#records * RECORD_BYTES];
  }

  override pcAddend(_memory: RecordMemory, ip: number): number {
    return ip >>> this.#shift;
  }

  override decode(memory: RecordMemory, page: CodePage, record: number, most: number, writer: RecordWriter): number {
    const { u16 } = memory;
    const { unit } = this.geometry;
    const pageEnd = page.code + PAGE_BYTES;
    let offset = this.offsetOf(memory, record);
    const end = Math.min(PAGE_BYTES, offset + most * unit);
    let count = 0;
    for (let at = record; offset < end; at += RECORD_BYTES, offset += unit) {
      if (u16[at >>> 1] !== BuiltIn.Decode) break;
      count++;
      const key = writer.keyAt(memory, page.code + offset, pageEnd);
      if (writer.write(memory, page, at, key, offset)) break;
    }
    return count;
  }

  override linkStraddling(): never {
    throw new Error('instructions of one length end in the page that they begin in');
  }

  override unlinkStraddling(): void {
    // There are no links.
  }

  override startOf(_memory: RecordMemory, record: number): number {
    return record;
  }

  override nextOf(_memory: RecordMemory, record: number): number {
    return record + RECORD_BYTES;
  }

  override hasRoom(): boolean {
    return true;
  }

  override drop({ u16 }: RecordMemory, slot: number, from: number, to: number): void {
    const { unit } = this.geometry;
    const [first, last] = [Math.floor(from / unit), Math.min(this.#records, Math.ceil(to / unit))];
    for (let n = first; n < last; n++) u16[(slot + n * RECORD_BYTES) >>> 1] = BuiltIn.Decode;
  }
}
