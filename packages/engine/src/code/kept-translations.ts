import { sha256 } from '@qvm/core/architecture';
import type { BootFile, DigestStore } from '@qvm/core/architecture';
import { fingerprint } from './fingerprint.js';
import { packTranslations, unpackTranslations } from './translation-pack.js';
import type { ModuleContents, RegionModule } from './region-module.js';

/** Most bytes of WebAssembly that are kept of a mode. */
const MOST_BYTES = 0x100_0000;
/** A run that has translated less than this share of what there was before is not kept: writing costs more. */
const LEAST_NEWS = 1 / 50;
/** Number of bytes of an image that tell it from others. */
const SAMPLES = 4096;

/**
 * A text that tells an image from others. It only decides which translations are tried: each one is compared with the
 * guest's code before it is used.
 *
 * @internal
 */
export function nameOfImage({ bytes }: BootFile): string {
  const samples = Array.from({ length: SAMPLES }, (_, i) => bytes[Math.floor((i * bytes.length) / SAMPLES)] ?? 0);
  return `${bytes.length}.${fingerprint(samples)}`;
}

/**
 * The translations of a guest that a store keeps from one run to the next.
 *
 * @internal
 */
export class KeptTranslations {
  /**
   * @param name - of guest, processor and translator: translations are kept for each name.
   */
  constructor(
    private readonly store: DigestStore,
    private readonly name: string,
  ) {}

  /**
   * The modules of earlier runs. None if there are none, or they are not valid.
   *
   * @param code - names mode and instruction set.
   */
  async find(code: string): Promise<readonly ModuleContents[]> {
    const pack = await this.store.find(await this.#digest(code));
    try {
      return pack === undefined ? [] : unpackTranslations(pack.piece(0, pack.length));
    } catch (error) {
      if (error instanceof RangeError) return [];
      throw error;
    }
  }

  /**
   * Keeps modules: first those that this run has made or used, then the others while there is room.
   *
   * @param translated - instructions that this run has translated.
   */
  async keep(code: string, modules: readonly RegionModule[], translated: number): Promise<void> {
    const all = modules.flatMap(({ translations }) => translations).reduce((sum, { instructions: n }) => sum + n, 0);
    if (translated < all * LEAST_NEWS || translated === 0) return;
    const used = modules.filter(({ seen }) => seen > 0);
    const others = modules.filter(({ seen }) => seen === 0);
    await this.store.keep(await this.#digest(code), packTranslations([...used, ...others], MOST_BYTES));
  }

  #digest(code: string): Promise<string> {
    return sha256(new TextEncoder().encode(`${this.name} ${code}`));
  }
}
