import type { Level } from './hot-places.js';

/**
 * Guest code in one page, without gaps.
 *
 * @internal
 */
export interface CodeRun {
  /** Offset of its first byte in the page. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The code of a translation in one page.
 *
 * @internal
 */
export interface TranslatedPage {
  /** Number of the page, relative to that of the first instruction. */
  readonly number: number;
  /** Number of the link to the page; −1 for the page of the first instruction. */
  readonly link: number;
  /** In ascending order. */
  readonly runs: readonly CodeRun[];
}

/**
 * A translated region, wherever its guest code may be. Which code it was made from decides where it can be used.
 *
 * @internal
 */
export interface Translation {
  /** Number of its function in the module. */
  readonly index: number;
  /** Offset in its page of the first instruction. */
  readonly entry: number;
  /** The bytes at the first instruction, at most four that are in the page. */
  readonly head: number;
  readonly level: Level;
  readonly instructions: number;
  /** The page of the first instruction comes first. */
  readonly pages: readonly TranslatedPage[];
}

/**
 * The parts of a module of regions.
 *
 * @internal
 */
export interface ModuleContents {
  /** The module in the binary format. */
  readonly bytes: Uint8Array;
  /** Number of its links. */
  readonly links: number;
  /** Whether misaligned accesses leave its regions. */
  readonly exactAlignment: boolean;
  readonly translations: readonly Translation[];
}

/**
 * A module of regions in a VM. Until it is opened, its regions cannot be used.
 *
 * @internal
 */
export class RegionModule implements ModuleContents {
  readonly bytes: Uint8Array;
  readonly links: number;
  readonly exactAlignment: boolean;
  readonly translations: readonly Translation[];
  /** Number of its regions in use. */
  live = 0;
  /** Number of the latest sample within one of its regions. */
  seen = 0;
  /** Translations that a larger one has replaced, at the place where they were used. */
  readonly superseded = new Set<Translation>();
  /** Translations with links that are in use: the links of one lead to the pages of one place. */
  readonly linked = new Set<Translation>();
  /** Address of its links; undefined before it is opened. */
  linksAt: number | undefined;
  #exports: WebAssembly.Exports | undefined;

  constructor({ bytes, links, exactAlignment, translations }: ModuleContents) {
    this.bytes = bytes;
    this.links = links;
    this.exactAlignment = exactAlignment;
    this.translations = translations;
  }

  /** @param linksAt - address of as many links as the module has. */
  open(module: WebAssembly.Module, imports: WebAssembly.Imports, linksAt: number): void {
    const env = { ...imports['env'], links: linksAt };
    this.#exports = new WebAssembly.Instance(module, { ...imports, env }).exports;
    this.linksAt = linksAt;
  }

  /** The function of a translation; undefined before the module is opened. */
  bodyOf({ index }: Translation): WebAssembly.ExportValue | undefined {
    return this.#exports?.[`r${index}`];
  }
}
