import { F_ANY_LAYOUT, F_RING_EVENT_IDX, F_RING_INDIRECT_DESC, F_RING_PACKED, F_VERSION_1 } from './features.js';

const WORDS = 2;
/** Features of legacy devices; later bits were introduced by VirtIO 1.0. */
const LEGACY_FEATURES = (1n << 32n) - 1n;

/** The features that a device offers and those that its driver accepts (VirtIO 1.2, section 2.2). */
export class Negotiation {
  /** Whether the driver predates VirtIO 1.0. */
  readonly legacy: boolean;
  readonly #ofDevice: () => bigint;
  readonly #ofTransport: bigint;
  /** The accepted features as written by the driver. */
  readonly #words = new Uint32Array(WORDS);

  /** @param ofDevice - features that the device offers in addition to those of every device. */
  constructor(ofDevice: () => bigint, { packed, legacy }: { readonly packed: boolean; readonly legacy: boolean }) {
    this.legacy = legacy;
    this.#ofDevice = ofDevice;
    const version = legacy ? F_ANY_LAYOUT : F_VERSION_1 | (packed ? F_RING_PACKED : 0n);
    this.#ofTransport = F_RING_INDIRECT_DESC | F_RING_EVENT_IDX | version;
  }

  get offered(): bigint {
    const all = this.#ofDevice() | this.#ofTransport;
    return this.legacy ? all & LEGACY_FEATURES : all;
  }

  get accepted(): bigint {
    return featuresOf(this.#words);
  }

  /**
   * Accepts a word from the driver. Bits that are not offered are ignored for a legacy driver, because it cannot be
   * told.
   */
  accept(word: number, value: number): void {
    if (word >= WORDS) return;
    const possible = this.legacy ? Number(BigInt.asUintN(32, this.offered >> BigInt(32 * word))) : 0xffff_ffff;
    this.#words[word] = value & possible;
  }

  /**
   * Whether a driver may accept these features: only offered ones, and VERSION_1 if it is offered (sections 2.2.2,
   * 6.1).
   */
  acceptable(features: bigint): boolean {
    const required = this.legacy ? 0n : F_VERSION_1;
    return (features & ~this.offered) === 0n && (features & required) === required;
  }

  reset(): void {
    this.#words.fill(0);
  }

  save(): number[] {
    return [...this.#words];
  }

  /** @param words - two validated words. */
  load(words: readonly number[]): void {
    this.#words.set(words);
  }
}

/** Combines the words of registers to one number. */
export function featuresOf(words: ArrayLike<number>): bigint {
  return (BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0);
}
