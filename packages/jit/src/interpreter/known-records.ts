import { RECORD_BYTES } from '../builder/layout.js';
import type { RecordMemory } from '../records/record-plan.js';

/** log2 of the slots of the hash table. */
const SLOT_BITS = 18;
const SLOTS = 1 << SLOT_BITS;
/** Number of remembered keys, after which all are forgotten. A boot of Linux for Arm has 90,000 distinct words. */
const KEYS_LIMIT = SLOTS / 2;
/** 2^32 divided by the golden ratio: distributes keys with equal low bits. */
const SPREAD = 0x9e37_79b1;
const RECORD_WORDS = RECORD_BYTES / 4;

/**
 * Flags of an entry: whether control may leave after the instruction; whether it has the record for a jump within the
 * page, and for a jump out of it; which of them came first; whether a field of the record depends on the place of the
 * instruction.
 */
const Known = { ends: 1, near: 2, far: 4, farFirst: 8, placed: 16 } as const;

/** How the record of an instruction may be used again. @internal */
export interface RecordTraits {
  /** Distance in bytes to where the instruction jumps or refers. */
  readonly distance: number;
  /** Whether control may leave after the instruction. */
  readonly ends: boolean;
  /** Whether the record is the one for a jump out of the page. */
  readonly far: boolean;
  /** Whether a field depends on the place of the instruction. */
  readonly placed: boolean;
}

/**
 * A cache of records by the decoder's keys: three of four instructions of a program have been decoded before. It is a
 * hash table in typed arrays, because every decoded instruction is looked up in it. Entries are next to each other in the
 * order of their arrival, because each page of memory that is used for the first time takes the host much longer than many
 * look-ups.
 *
 * @internal
 */
export class KnownRecords {
  /** The entry of a slot, plus 1; 0 if the slot is free. */
  readonly #slots = new Int32Array(SLOTS);
  readonly #keys = new Uint32Array(KEYS_LIMIT);
  readonly #flags = new Uint8Array(KEYS_LIMIT);
  readonly #distances = new Int32Array(KEYS_LIMIT);
  /** The first record of each entry, then the records that are the second of theirs. */
  readonly #records = new Uint32Array(2 * KEYS_LIMIT * RECORD_WORDS);
  /** Number in `#records` of the second record of an entry that has two. */
  readonly #seconds = new Int32Array(KEYS_LIMIT);
  #count = 0;
  #secondCount = 0;

  /**
   * @param keepsHeader - whether only the handler number in the first 32 bits of a record belongs to the instruction.
   */
  constructor(private readonly keepsHeader: boolean) {}

  /** The entry of a key, valid until the next `add`; −1 if there is none. */
  find(key: number): number {
    return (this.#slots[this.#slotOf(key)] as number) - 1;
  }

  /** Distance of the instruction's jump in bytes. */
  distance(entry: number): number {
    return this.#distances[entry] as number;
  }

  /** Whether control always or sometimes leaves after the instruction. */
  ends(entry: number): boolean {
    return ((this.#flags[entry] as number) & Known.ends) !== 0;
  }

  /** Whether a field of the record depends on the place of the instruction. */
  isPlaced(entry: number): boolean {
    return ((this.#flags[entry] as number) & Known.placed) !== 0;
  }

  /** Copies the record of an entry to the address `record`; returns whether the entry has one. */
  copy(entry: number, far: boolean, memory: RecordMemory, record: number): boolean {
    if (((this.#flags[entry] as number) & (far ? Known.far : Known.near)) === 0) return false;
    const from = this.#recordAt(entry, far);
    const { u32 } = memory;
    const to = record >>> 2;
    const records = this.#records;
    // Unrolled, because a loop makes decoding half as slow again.
    if (this.keepsHeader) memory.u16[record >>> 1] = records[from] as number;
    else u32[to] = records[from] as number;
    u32[to + 1] = records[from + 1] as number;
    u32[to + 2] = records[from + 2] as number;
    u32[to + 3] = records[from + 3] as number;
    return true;
  }

  /** Adds the record at the address `record`. */
  add(key: number, { distance, ends, far, placed }: RecordTraits, { u32 }: RecordMemory, record: number): void {
    if (this.#count >= KEYS_LIMIT) this.clear();
    const slot = this.#slotOf(key);
    let entry = (this.#slots[slot] as number) - 1;
    if (entry < 0) {
      entry = this.#count++;
      this.#slots[slot] = entry + 1;
      this.#keys[entry] = key;
      this.#flags[entry] = far ? Known.farFirst : 0;
    } else if (((this.#flags[entry] as number) & (far ? Known.far : Known.near)) === 0)
      this.#seconds[entry] = KEYS_LIMIT + this.#secondCount++;
    this.#distances[entry] = distance;
    this.#flags[entry]! |= (ends ? Known.ends : 0) | (far ? Known.far : Known.near) | (placed ? Known.placed : 0);
    const from = record >>> 2;
    const to = this.#recordAt(entry, far);
    for (let word = 0; word < RECORD_WORDS; word++) this.#records[to + word] = u32[from + word] as number;
  }

  /** Index of the first word of a record that an entry has. */
  #recordAt(entry: number, far: boolean): number {
    const isFirst = far === (((this.#flags[entry] as number) & Known.farFirst) !== 0);
    return (isFirst ? entry : (this.#seconds[entry] as number)) * RECORD_WORDS;
  }

  /** The slot that a key has or would have. */
  #slotOf(key: number): number {
    let at = Math.imul(key, SPREAD) >>> (32 - SLOT_BITS);
    for (let entry = this.#slots[at]!; entry !== 0 && this.#keys[entry - 1] !== key; entry = this.#slots[at]!)
      at = (at + 1) & (SLOTS - 1);
    return at;
  }

  /** Forgets all records. */
  clear(): void {
    this.#slots.fill(0);
    this.#count = this.#secondCount = 0;
  }
}
