import { RECORD_BYTES } from '../builder/layout.js';
import type { RecordMemory } from '../records/record-plan.js';

/**
 * log2 of the entries of the table, which is emptied when half of them are in use. A boot of Linux for Arm has 90,000
 * distinct words.
 */
const ENTRY_BITS = 18;
const ENTRIES = 1 << ENTRY_BITS;
const KEYS_LIMIT = ENTRIES / 2;
/** 2^32 divided by the golden ratio: distributes keys with equal low bits. */
const SPREAD = 0x9e37_79b1;
const RECORD_WORDS = RECORD_BYTES / 4;

/**
 * Flags of an entry: whether control may leave after the instruction; whether it has the record for a jump within the
 * page, and for a jump out of it; whether a field of the record depends on the place of the instruction.
 */
const Known = { ends: 1, near: 2, far: 4, taken: 8, placed: 16 } as const;

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
 * A cache of records by the decoder's keys: three of four instructions of a program have been decoded before. It is an
 * open hash table in typed arrays, because every decoded instruction is looked up in it.
 *
 * @internal
 */
export class KnownRecords {
  readonly #keys = new Uint32Array(ENTRIES);
  readonly #flags = new Uint8Array(ENTRIES);
  readonly #distances = new Int32Array(ENTRIES);
  readonly #records = new Uint32Array(ENTRIES * 2 * RECORD_WORDS);
  #count = 0;

  /**
   * @param keepsHeader - whether only the handler number in the first 32 bits of a record belongs to the instruction.
   */
  constructor(private readonly keepsHeader: boolean) {}

  /** The entry of a key, valid until the next `add`; −1 if there is none. */
  find(key: number): number {
    const entry = this.#entryOf(key);
    return this.#flags[entry] === 0 ? -1 : entry;
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
    const from = recordAt(entry, far);
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
    const entry = this.#entryOf(key);
    if (this.#flags[entry] === 0) this.#count++;
    this.#keys[entry] = key;
    this.#distances[entry] = distance;
    this.#flags[entry]! |=
      Known.taken | (ends ? Known.ends : 0) | (far ? Known.far : Known.near) | (placed ? Known.placed : 0);
    const from = record >>> 2;
    const to = recordAt(entry, far);
    for (let word = 0; word < RECORD_WORDS; word++) this.#records[to + word] = u32[from + word] as number;
  }

  /** The entry that a key has or would have. */
  #entryOf(key: number): number {
    let at = Math.imul(key, SPREAD) >>> (32 - ENTRY_BITS);
    while (this.#flags[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & (ENTRIES - 1);
    return at;
  }

  /** Forgets all records. */
  clear(): void {
    this.#flags.fill(0);
    this.#count = 0;
  }
}

const recordAt = (entry: number, far: boolean): number => (entry * 2 + (far ? 1 : 0)) * RECORD_WORDS;
