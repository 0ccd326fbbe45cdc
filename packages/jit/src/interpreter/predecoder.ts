import { Flow } from '../builder/back-end.js';
import { PAGE_BITS, RECORD_BYTES } from '../builder/layout.js';
import { Decoder } from '../describe/decoder.js';
import type { RawFields } from '../describe/pattern.js';
import { UNDEFINED_HANDLER } from './interpreter.js';
import type { Handler, Interpreter, RowHandlers } from './interpreter.js';
import { KnownRecords } from './known-records.js';
import { REACHES, Reach } from './handler-back-end.js';
import type { Slot } from './handler-back-end.js';
import { staticIndex } from './operands.js';
import type { RegionInstruction } from '../region/control-flow-graph.js';

/**
 * The memory that records lie in, as two views of the same bytes.
 *
 * @experimental
 */
export interface RecordMemory {
  readonly data: DataView;
  readonly u32: Uint32Array;
}

/**
 * Writes the records that a generated interpreter runs.
 *
 * @experimental
 */
export class Predecoder<B> {
  readonly decoder: Decoder<B>;
  readonly #known = new KnownRecords();
  /** What words mean for regions, but for their places. */
  readonly #decoded = new Memo<Omit<RegionInstruction<B>, 'offset'> | undefined>();

  constructor(private readonly interpreter: Interpreter<B>) {
    this.decoder = new Decoder([...interpreter.rows.keys()]);
  }

  /**
   * Decodes `word`, found at `pageOffset` of its page, into the record at `address` of `memory`, a multiple of 4.
   *
   * @returns whether control always or sometimes leaves the sequence here, so that decoding ahead may stop.
   */
  write(memory: RecordMemory, address: number, word: number, pageOffset: number): boolean {
    const known = this.#known;
    const place = known.find(word);
    if (place >= 0) {
      const far = leavesPage(pageOffset, known.distance(place));
      if (known.copy(place, far, memory.u32, address >>> 2)) return known.ends(place);
    }
    return this.#decodeRecord(memory, address, word, pageOffset);
  }

  #decodeRecord({ data, u32 }: RecordMemory, address: number, word: number, pageOffset: number): boolean {
    const found = this.decoder.find(word);
    if (!found) {
      data.setUint16(address, UNDEFINED_HANDLER, true);
      return true;
    }
    const { statics, operands, target, index } = this.interpreter.rows.get(found.row) as RowHandlers;
    const distance = target ? Number(target.of(found.fields)) : 0;
    const far = leavesPage(pageOffset, distance);
    const reach = far ? Reach.Far : distance > 0 ? Reach.Ahead : Reach.Behind;
    const number = index[staticIndex(statics, found.fields) * REACHES + reach] as number;
    const handler = this.interpreter.handlers[number] as Handler<B>;
    for (const slot of handler.slots) this.#writeSlot(data, address + slot.offset, slot, found.fields, operands);
    data.setUint16(address, number, true);
    const ends = target !== undefined;
    this.#known.add(word, distance, ends, far, u32, address >>> 2);
    return ends;
  }

  /** Decodes `word` at `pageOffset` for a region; `undefined` when the interpreter must do it. */
  decodeForRegion(word: number, pageOffset: number): RegionInstruction<B> | undefined {
    if (!this.#decoded.has(word)) this.#decoded.set(word, this.#decodeWord(word));
    const known = this.#decoded.get(word);
    if (known === undefined) return undefined;
    // By name: spreading is many times as slow.
    const { row, operands, statics, flow, distance } = known;
    return { offset: pageOffset, row, operands, statics, flow, distance };
  }

  #decodeWord(word: number): Omit<RegionInstruction<B>, 'offset'> | undefined {
    const found = this.decoder.find(word);
    if (!found) return undefined;
    const { statics, operands, target, index } = this.interpreter.rows.get(found.row) as RowHandlers;
    const { flow } = this.interpreter.handlers[
      index[staticIndex(statics, found.fields) * REACHES] as number
    ] as Handler<B>;
    if (flow === Flow.Leave) return undefined;
    return {
      row: found.row,
      operands: operands.map((operand) => operand.of(found.fields)),
      statics: Object.fromEntries(statics.map(({ name, of }) => [name, of(found.fields)])),
      // Nothing changes a translation while a region runs.
      flow: flow === Flow.Refetch ? Flow.Next : flow,
      distance: target ? Number(target.of(found.fields)) : 0,
    };
  }

  #writeSlot(
    memory: DataView,
    address: number,
    slot: Slot,
    fields: RawFields,
    operands: RowHandlers['operands'],
  ): void {
    const value = (operands[slot.operand] as RowHandlers['operands'][number]).of(fields);
    switch (slot.kind) {
      case 'source':
        memory.setUint16(address, slot.file?.readOffset(Number(value)) ?? 0, true);
        break;
      case 'destination':
        memory.setUint16(address, slot.file?.writeOffset(Number(value)) ?? 0, true);
        break;
      case 'u16':
        memory.setUint16(address, Number(value), true);
        break;
      case 'i32':
        memory.setInt32(address, Number(value), true);
        break;
      case 'near':
        memory.setInt32(address, (Number(value) / 4) * RECORD_BYTES, true);
        break;
      case 'i64':
        memory.setBigInt64(address, BigInt.asIntN(64, BigInt(value)), true);
        break;
    }
  }
}

/** Whether a jump over a distance from an offset in a page leads to another page. */
const leavesPage = (pageOffset: number, distance: number): boolean => (pageOffset + distance) >>> PAGE_BITS !== 0;

/** Distinct words that are remembered: a kernel and what runs on it have fewer. */
const MEMO_LIMIT = 0x2_0000;

/** Remembers what words come to; forgets everything when there are too many. */
class Memo<T> extends Map<number, T> {
  override set(word: number, value: T): this {
    if (this.size >= MEMO_LIMIT) this.clear();
    return super.set(word, value);
  }
}
