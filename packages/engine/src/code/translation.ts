import type { VmMemory } from '@qvm/core/architecture';
import { PAGE_BITS } from '@qvm/jit';
import type { Builder, ControlFlowGraph } from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import type { CodeCache } from './code-cache.js';
import type { CodePages } from './code-profile.js';
import type { RegionPart } from './live-regions.js';
import type { Candidate } from './region-explorer.js';
import type { CodeRun, TranslatedPage, Translation } from './region-module.js';
import { headOf } from './translation-library.js';

const PAGE_MASK = PAGE_BYTES - 1;

/**
 * Describes a translation of a candidate by the code that it was made from.
 *
 * @param index - number of its function in the module.
 * @param links - numbers of its links, by page number.
 * @internal
 */
export function translationOf<B extends Builder>(
  { place, pages, level, graph }: Candidate<B>,
  index: number,
  links: ReadonlyMap<number, number>,
  memory: VmMemory,
): Translation {
  const used = bytesOf(graph);
  return {
    index,
    entry: place.offset,
    head: headOf(memory, place),
    level,
    instructions: graph.instructions,
    pages: graph.pages.map((number, i): TranslatedPage => {
      const at = (pages[i] as (typeof pages)[number]).pageOffset;
      const runs = runsOf(used.get(number) ?? new Uint8Array(PAGE_BYTES), memory.u8.subarray(at, at + PAGE_BYTES));
      return { number, link: links.get(number) ?? -1, runs };
    }),
  };
}

/** Marks the bytes of a page that instructions of the graph have, by page number. */
function bytesOf<B extends Builder>({ blocks }: ControlFlowGraph<B>): ReadonlyMap<number, Uint8Array> {
  const used = new Map<number, Uint8Array>();
  for (const { instructions } of blocks) {
    for (const { offset, length } of instructions) {
      const number = offset >> PAGE_BITS;
      const page = used.get(number) ?? new Uint8Array(PAGE_BYTES);
      used.set(number, page.fill(1, offset & PAGE_MASK, (offset & PAGE_MASK) + length));
    }
  }
  return used;
}

function runsOf(used: Uint8Array, page: Uint8Array): readonly CodeRun[] {
  const runs: CodeRun[] = [];
  for (let at = used.indexOf(1); at >= 0;) {
    const end = used.indexOf(0, at);
    const after = end < 0 ? PAGE_BYTES : end;
    runs.push({ at, bytes: page.slice(at, after) });
    at = used.indexOf(1, after);
  }
  return runs;
}

/**
 * Compares the code of a translation with the code around a place, whose pages are watched from then on if it is the same.
 *
 * @returns its code in each page, in the order of the translation's pages; undefined if a page is unknown or holds other code.
 * @internal
 */
export function partsAt(
  { pages }: Translation,
  around: Pick<CodePages, 'at'>,
  code: CodeCache,
  memory: VmMemory,
): readonly RegionPart[] | undefined {
  const parts: RegionPart[] = [];
  for (const { number, runs } of pages) {
    const slot = around.at(number);
    const place = slot === 0 ? undefined : code.place(slot);
    if (place === undefined || !runs.every((run) => isAt(run, memory.u8, place.pageOffset))) return undefined;
    const last = runs.at(-1);
    parts.push({ slot, from: runs[0]?.at ?? 0, to: last === undefined ? 0 : last.at + last.bytes.length });
  }
  for (const { slot } of parts) code.watch(slot);
  return parts;
}

function isAt({ at, bytes }: CodeRun, memory: Uint8Array, page: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (memory[page + at + i] !== bytes[i]) return false;
  return true;
}
