import { Flow } from '../builder/back-end.js';
import { PAGE_BITS } from '../builder/layout.js';
import type { InstructionDecoder } from '../describe/decoder.js';
import { BuiltIn } from '../records/built-in.js';
import { STRADDLES } from '../records/record-plan.js';
import type { CodePage, RecordMemory, RecordPlan, RecordWriter } from '../records/record-plan.js';
import type { RegionInstruction } from '../region/region-instruction.js';
import type { Handler, Interpreter, RowHandlers } from './description.js';
import { KnownRecords } from './known-records.js';
import { staticIndex } from './operands.js';
import type { OperandInfo } from './operands.js';
import { REACHES, Reach } from './reach.js';
import type { RecordField } from './record-fields.js';

/** An instruction for regions without its offset. */
type KnownInstruction<B> = Omit<RegionInstruction<B>, 'offset'>;

/**
 * Decodes the instructions of one mode, to records for a generated interpreter and for regions.
 *
 * @experimental
 */
export class Predecoder<B> implements RecordWriter {
  /** The layout of the records. */
  readonly plan: RecordPlan;
  readonly #known: KnownRecords;
  readonly #sparse: boolean;
  /** The decoder's generation that all remembered keys belong to. */
  #generation: number | undefined;
  /** Instructions for regions by their keys; null: there is none. */
  readonly #decoded = new Memo<KnownInstruction<B> | null>();

  /** @param decoder - decoder of the interpreter's rows. */
  constructor(
    private readonly interpreter: Interpreter<B>,
    readonly decoder: InstructionDecoder<B>,
  ) {
    this.plan = interpreter.plan;
    this.#sparse = this.plan.sparse;
    this.#known = new KnownRecords(this.#sparse);
  }

  /**
   * Decodes the instruction of a record, and others after it; returns their number.
   *
   * @param most - largest number of instructions. A sparse plan must have room for them: see `RecordPlan.hasRoom`.
   */
  decode(memory: RecordMemory, page: CodePage, record: number, most: number): number {
    return this.plan.decode(memory, page, record, most, this);
  }

  /** Decodes an instruction that continues in the next page: see `RecordPlan.linkStraddling`. */
  linkStraddling(memory: RecordMemory, page: CodePage, record: number, next: number, key: number): void {
    this.plan.linkStraddling(memory, page, record, next, key, this);
  }

  /** The decoder has begun to number instructions anew. */
  #forget(): void {
    this.#known.clear();
    this.#decoded.clear();
    this.#generation = this.decoder.generation;
  }

  keyAt(memory: RecordMemory, at: number, end: number): number {
    return this.decoder.keyAt(memory, at, end);
  }

  lengthOf(key: number): number {
    return this.decoder.lengthOf(key);
  }

  write(memory: RecordMemory, page: CodePage, record: number, key: number, offset: number): boolean {
    const known = this.#known;
    if (this.decoder.generation !== this.#generation) this.#forget();
    const entry = known.find(key);
    if (entry < 0) return this.#decodeRecord(memory, page, record, key, offset);
    if (!known.copy(entry, !isInPage(offset + known.distance(entry)), memory, record))
      return this.#decodeRecord(memory, page, record, key, offset);
    // With dense plans, distances between records follow from those of their instructions and need no change.
    if (known.isPlaced(entry)) this.#relink(memory, page, record, known.distance(entry), offset);
    return known.ends(entry);
  }

  /** Changes the fields of a copied record that depend on its place. */
  #relink(memory: RecordMemory, page: CodePage, record: number, distance: number, offset: number): void {
    const { fields } = this.interpreter.handlers[memory.u16[record >>> 1] as number] as Handler<B>;
    for (const field of fields) {
      if (field.kind === 'near') this.#link(memory, page, record, field, offset + distance);
      else if (field.kind === 'place') memory.data.setInt32(record + field.offset, distance + offset, true);
    }
  }

  #decodeRecord(memory: RecordMemory, page: CodePage, record: number, key: number, offset: number): boolean {
    const { data } = memory;
    const found = this.decoder.find(key);
    if (!found) {
      data.setUint16(record, BuiltIn.Undefined, true);
      return true;
    }
    const { statics, operands, target, placed, index } = this.interpreter.rows.get(found.row) as RowHandlers;
    const distance = placed ? Number(placed.of(found.fields)) : 0;
    const isPlaced = target !== undefined || placed?.relative?.(found.fields) === true;
    const far = !isInPage(offset + distance);
    const reach = far ? Reach.Far : distance > 0 ? Reach.Ahead : Reach.Behind;
    const number = index[staticIndex(statics, found.fields) * REACHES + reach] as number;
    const handler = this.interpreter.handlers[number] as Handler<B>;
    for (const field of handler.fields) {
      if (field.kind === 'near') this.#link(memory, page, record, field, offset + distance);
      else if (field.kind === 'place') data.setInt32(record + field.offset, distance + (isPlaced ? offset : 0), true);
      else writeField(data, record, field, (operands[field.operand] as OperandInfo).of(found.fields));
    }
    data.setUint16(record, number, true);
    const ends = target !== undefined || handler.flow === Flow.Indirect;
    this.#known.add(key, { distance, ends, far, placed: this.#sparse && isPlaced }, memory, record);
    return ends;
  }

  /** Writes the distance to the record of a jump's target, which must be in the same page. */
  #link(memory: RecordMemory, { slot }: CodePage, record: number, field: RecordField, target: number): void {
    memory.data.setInt32(record + field.offset, this.plan.recordFor(memory, slot, target) - record, true);
  }

  /**
   * Decodes the instruction at an offset from the page at `code`; `undefined` if it must be left to the interpreter.
   */
  decodeForRegion(memory: RecordMemory, code: number, offset: number): RegionInstruction<B> | undefined {
    const within = offset & PAGE_OFFSET_MASK;
    const key = this.decoder.keyAt(memory, code + within, code + PAGE_BYTES);
    if (key === STRADDLES) return undefined;
    if (this.decoder.generation !== this.#generation) this.#forget();
    let known = this.#decoded.get(key);
    if (known === undefined) this.#decoded.set(key, (known = this.#decodeKey(key) ?? null));
    if (known === null) return undefined;
    // Named members, because spreading is many times slower.
    const { row, statics, operands, placed, flow, distance, length } = known;
    return { offset, row, operands, placed, statics, flow, distance, length };
  }

  #decodeKey(key: number): KnownInstruction<B> | undefined {
    const found = this.decoder.find(key);
    if (!found) return undefined;
    const { statics, operands, target, index } = this.interpreter.rows.get(found.row) as RowHandlers;
    const { flow, statics: choices } = this.interpreter.handlers[
      index[staticIndex(statics, found.fields) * REACHES] as number
    ] as Handler<B>;
    if (flow === Flow.Leave || flow === Flow.Switch) return undefined;
    return {
      row: found.row,
      operands: halvesOf(operands.map(({ of }) => of(found.fields))),
      statics: choices,
      // No translation changes while a region runs.
      flow: flow === Flow.Refetch ? Flow.Next : flow,
      distance: target ? Number(target.of(found.fields)) : 0,
      length: this.decoder.lengthOf(key),
      placed: operands.findIndex(({ relative }) => relative?.(found.fields)),
    };
  }
}

/** The lower and upper 32 bits of numbers. */
function halvesOf(values: readonly (number | bigint)[]): Int32Array {
  const halves = new Int32Array(2 * values.length);
  values.forEach((value, i) => {
    const isNumber = typeof value === 'number';
    halves[2 * i] = isNumber ? value : Number(BigInt.asIntN(32, value));
    halves[2 * i + 1] = isNumber ? Math.floor(value / 2 ** 32) : Number(BigInt.asIntN(32, value >> 32n));
  });
  return halves;
}

/** Writes a field whose value does not depend on the instruction's location. */
function writeField(memory: DataView, record: number, field: RecordField, value: number | bigint): void {
  const address = record + field.offset;
  switch (field.kind) {
    case 'source':
      memory.setUint16(address, field.file?.readOffset(Number(value)) ?? 0, true);
      break;
    case 'destination':
      memory.setUint16(address, field.file?.writeOffset(Number(value)) ?? 0, true);
      break;
    case 'byte':
      memory.setUint8(address, (field.file?.readOffset(Number(value)) ?? 0) - (field.file?.fieldBase ?? 0));
      break;
    case 'u8':
      memory.setUint8(address, Number(value));
      break;
    case 'u16':
      memory.setUint16(address, Number(value), true);
      break;
    case 'i32':
      memory.setInt32(address, Number(value), true);
      break;
    case 'i64':
      memory.setBigInt64(address, BigInt.asIntN(64, BigInt(value)), true);
      break;
    case 'near':
    case 'place':
      throw new Error('the value depends on the place of the instruction');
  }
}

const PAGE_BYTES = 1 << PAGE_BITS;
const PAGE_OFFSET_MASK = PAGE_BYTES - 1;

/** Whether an offset from a page is inside of that page. */
const isInPage = (offset: number): boolean => offset >>> PAGE_BITS === 0;

/** Largest number of remembered keys: a kernel and its programs have fewer. */
const MEMO_LIMIT = 0x2_0000;

/** A map by key that is emptied when it is full. */
class Memo<T> extends Map<number, T> {
  override set(key: number, value: T): this {
    if (this.size >= MEMO_LIMIT) this.clear();
    return super.set(key, value);
  }
}
