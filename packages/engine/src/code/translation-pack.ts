import { withoutBodies } from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import { Level } from './hot-places.js';
import type { CodeRun, ModuleContents, RegionModule, TranslatedPage, Translation } from './region-module.js';

/**
 * The format of kept translations, little-endian u32 words, then bytes:
 *
 * - `MAGIC`, number of words after these two;
 * - for each module: bytes of WebAssembly, links, exact alignment, number of translations, and for each of these: index,
 *   entry, head, level, instructions, number of pages, and for each of these: number, link, number of runs, and for each
 *   of these: offset, length;
 * - the bytes of each module and its runs, in the same order.
 */
const MAGIC = 0x31_54_56_51;
const HEADER_WORDS = 2;
const WORD_BYTES = 4;
/** Most modules, translations of a module, pages of a translation and runs of a page: more are refused. */
const MOST = 0x1_0000;
/** Largest distance of a page from the first one: a branch reaches 2 GiB. */
const MOST_PAGES = 0x10_0000;

/**
 * Packs modules without the translations that larger ones have superseded. Modules that come first are kept if not all
 * have room.
 *
 * @param most - largest number of bytes of WebAssembly.
 * @internal
 */
export function packTranslations(modules: readonly RegionModule[], most: number): Uint8Array {
  const words: number[] = [];
  const parts: Uint8Array[] = [];
  let room = most;
  for (const module of modules) {
    const kept = module.translations.filter((translation) => !module.superseded.has(translation));
    if (kept.length === 0) continue;
    const indices = new Set(kept.map(({ index }) => index));
    const bytes = withoutBodies(module.bytes, (index) => indices.has(index));
    room -= bytes.length;
    if (room < 0) break;
    words.push(bytes.length, module.links, module.exactAlignment ? 1 : 0, kept.length);
    parts.push(bytes);
    for (const translation of kept) packTranslation(translation, words, parts);
  }
  return joined(words, parts);
}

function packTranslation(
  { index, entry, head, level, instructions, pages }: Translation,
  words: number[],
  parts: Uint8Array[],
): void {
  words.push(index, entry, head, level, instructions, pages.length);
  for (const { number, link, runs } of pages) {
    words.push(number, link, runs.length);
    for (const { at, bytes } of runs) {
      words.push(at, bytes.length);
      parts.push(bytes);
    }
  }
}

function joined(words: readonly number[], parts: readonly Uint8Array[]): Uint8Array {
  const start = (HEADER_WORDS + words.length) * WORD_BYTES;
  const pack = new Uint8Array(parts.reduce((sum, { length }) => sum + length, start));
  const view = new DataView(pack.buffer);
  [MAGIC, words.length, ...words].forEach((word, i) => view.setInt32(i * WORD_BYTES, word, true));
  let at = start;
  for (const part of parts) {
    pack.set(part, at);
    at += part.length;
  }
  return pack;
}

/**
 * Unpacks modules.
 *
 * @throws RangeError for bytes that `packTranslations` does not make.
 * @internal
 */
export function unpackTranslations(pack: Uint8Array): readonly ModuleContents[] {
  const reader = new PackReader(pack);
  const modules: ModuleContents[] = [];
  while (!reader.atEnd) {
    if (modules.length >= MOST) throw new RangeError('too many modules');
    modules.push(unpackModule(reader));
  }
  return modules;
}

function unpackModule(reader: PackReader): ModuleContents {
  const bytes = reader.part(reader.word(0, 0x7fff_ffff));
  const links = reader.word(0, MOST);
  const exactAlignment = reader.word(0, 1) === 1;
  const translations = reader.list(() => unpackTranslation(reader, links));
  return { bytes, links, exactAlignment, translations };
}

function unpackTranslation(reader: PackReader, links: number): Translation {
  return {
    index: reader.word(0, MOST),
    entry: reader.word(0, PAGE_BYTES - 1),
    head: reader.word(-0x8000_0000, 0x7fff_ffff),
    level: reader.word(Level.Plain, Level.Last),
    instructions: reader.word(1, MOST),
    pages: reader.list((i): TranslatedPage => {
      const number = reader.word(-MOST_PAGES, MOST_PAGES);
      // Only the page of the first instruction, which comes first, has no link.
      const link = i === 0 ? reader.word(-1, -1) : reader.word(0, links - 1);
      return { number, link, runs: reader.list(() => unpackRun(reader)) };
    }),
  };
}

function unpackRun(reader: PackReader): CodeRun {
  const at = reader.word(0, PAGE_BYTES - 1);
  return { at, bytes: reader.part(reader.word(1, PAGE_BYTES - at)) };
}

/** Reads words and the parts that they describe; whatever is out of range is refused. */
class PackReader {
  readonly #view: DataView;
  readonly #end: number;
  #at = HEADER_WORDS * WORD_BYTES;
  #part: number;

  constructor(private readonly pack: Uint8Array) {
    this.#view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
    if (pack.length < this.#at || this.#view.getInt32(0, true) !== MAGIC) throw new RangeError('no translations');
    this.#end = (HEADER_WORDS + this.#view.getUint32(WORD_BYTES, true)) * WORD_BYTES;
    if (this.#end > pack.length) throw new RangeError('the translations are truncated');
    this.#part = this.#end;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The next word, from `least` to `most`. */
  word(least: number, most: number): number {
    if (this.atEnd) throw new RangeError('the translations are truncated');
    const word = this.#view.getInt32(this.#at, true);
    this.#at += WORD_BYTES;
    if (word < least || word > most) throw new RangeError(`${word} is not from ${least} to ${most}`);
    return word;
  }

  /** As many items as the next word says, at least one. */
  list<T>(item: (index: number) => T): readonly T[] {
    return Array.from({ length: this.word(1, MOST) }, (_, i) => item(i));
  }

  /** The next part, of `length` bytes. */
  part(length: number): Uint8Array {
    const end = this.#part + length;
    if (end > this.pack.length) throw new RangeError('the translations are truncated');
    const bytes = this.pack.subarray(this.#part, end);
    this.#part = end;
    return bytes;
  }
}
