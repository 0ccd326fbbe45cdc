import type { VmMemory } from '@qvm/core/architecture';
import { PAGE_BYTES } from '../memory/page.js';
import type { RegionPlace } from './code-cache.js';
import type { RegionModule, Translation } from './region-module.js';

/** A translation and its module. @internal */
export interface Volume {
  readonly module: RegionModule;
  readonly translation: Translation;
}

const HEAD_BYTES = 4;
const NONE: readonly Volume[] = [];

/**
 * The bytes at an instruction by which its translations are found: at most four, and only those in the page.
 *
 * @internal
 */
export function headOf({ u8 }: VmMemory, { pageOffset, offset }: Pick<RegionPlace, 'pageOffset' | 'offset'>): number {
  const count = Math.min(HEAD_BYTES, PAGE_BYTES - offset);
  let head = 0;
  for (let i = 0; i < count; i++) head |= (u8[pageOffset + offset + i] as number) << (i * 8);
  return head;
}

/**
 * All translations of a VM in one mode, those that are in use and those that are not, by the code that they were made from.
 *
 * @internal
 */
export class TranslationLibrary {
  readonly #modules = new Set<RegionModule>();
  readonly #byHead = new Map<number, Volume[]>();
  #bytes = 0;

  /** Modules, in the order in which they were added. */
  get modules(): ReadonlySet<RegionModule> {
    return this.#modules;
  }

  /** Bytes of all modules. */
  get bytes(): number {
    return this.#bytes;
  }

  add(module: RegionModule): void {
    this.#modules.add(module);
    this.#bytes += module.bytes.length;
    for (const translation of module.translations) {
      const key = keyOf(translation.entry, translation.head, module.exactAlignment);
      const volumes = this.#byHead.get(key) ?? [];
      volumes.push({ module, translation });
      volumes.sort((x, y) => y.translation.instructions - x.translation.instructions);
      this.#byHead.set(key, volumes);
    }
  }

  remove(module: RegionModule): void {
    if (!this.#modules.delete(module)) return;
    this.#bytes -= module.bytes.length;
    for (const { entry, head } of module.translations) {
      const key = keyOf(entry, head, module.exactAlignment);
      const left = (this.#byHead.get(key) ?? []).filter((volume) => volume.module !== module);
      if (left.length === 0) this.#byHead.delete(key);
      else this.#byHead.set(key, left);
    }
  }

  /** The translations of code that begins at an offset in its page with the bytes `head`, the largest first. */
  find(entry: number, head: number, exactAlignment: boolean): readonly Volume[] {
    return this.#byHead.get(keyOf(entry, head, exactAlignment)) ?? NONE;
  }
}

/** A number of 45 bits. */
const keyOf = (entry: number, head: number, exactAlignment: boolean): number =>
  (head >>> 0) * PAGE_BYTES * 2 + entry * 2 + (exactAlignment ? 1 : 0);
