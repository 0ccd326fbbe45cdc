import type { RegionTuning } from './region-tuning.js';

/** Places whose heat is remembered. */
const HEAT_LIMIT = 0x1_0000;
/** Cost of translating one instruction, in instructions that the guest could have run. */
const TRANSLATION_COST = 1500;
/** Part of a run that may be spent on translating before sampling becomes rare. */
const TRANSLATION_SHARE = 0.05;
/** Samples become rarer by at most 1 / LEAST_NEWS because they bring little news. */
const LEAST_NEWS = 1 / 16;
/** Samples by which the news is judged. */
const NEWS_SAMPLES = 64;

/** What a place deserves. Greater levels are {@link Level.Inlined} again: more is known by then of where branches go. */
export enum Level {
  Nothing = -1,
  /** A region of one page. */
  Plain = 0,
  /** One with the functions that it calls. */
  Inlined = 1,
  Last = 3,
}

/**
 * How hot places in guest code are, by samples of where it is. A place is the address of a record.
 *
 * @internal
 */
export class HotPlaces {
  readonly #heat = new Map<number, number>();
  /** Places that cannot be translated. */
  readonly #refused = new Set<number>();
  /** Instructions that were sampled. */
  #sampled = 0;
  /** Part of the latest samples that found a place which may still get better. */
  #news = 1;
  #random = 1;

  /** @param translated - guest instructions translated so far. */
  constructor(
    private readonly tuning: RegionTuning,
    private readonly translated: () => number,
  ) {}

  /** Instructions until the next sample: not always the same, or a loop would be seen at one place only. */
  nextInterval(): number {
    // Numerical Recipes' generator, so that a run is the same each time.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) | 0;
    return (this.#interval >>> 1) + ((this.#random >>> 8) % this.#interval);
  }

  /** The guest has run for so many instructions since the last sample. */
  addSample(instructions: number): void {
    this.#sampled += instructions;
  }

  /**
   * The instructions of a sample belong to a place.
   *
   * @returns the level that the place has reached by that, if it is another than before.
   */
  heat(place: number, instructions: number): Level | undefined {
    if (this.#refused.has(place)) return undefined;
    if (this.#heat.size >= HEAT_LIMIT) this.#heat.clear();
    const before = this.#heat.get(place) ?? 0;
    const count = before + Math.max(1, Math.floor(instructions / this.#interval));
    this.#heat.set(place, count);
    const level = this.#levelAt(count);
    this.#news += ((level < Level.Last ? 1 : 0) - this.#news) / NEWS_SAMPLES;
    return level === Level.Nothing || level === this.#levelAt(before) ? undefined : level;
  }

  /** Nothing can be made of a place. */
  refuse(place: number): void {
    this.#refused.add(place);
  }

  /** A place must become hot again. */
  cool(place: number): void {
    this.#heat.delete(place);
  }

  /** Forgets a place: its code has changed. */
  forget(place: number): void {
    this.#heat.delete(place);
    this.#refused.delete(place);
  }

  /**
   * Mean distance of samples: short until translating takes too much of the run, or there is little news. What is sampled while
   * they are rare must be the hotter to be translated, so that the share is spent on what is worth it.
   */
  get #interval(): number {
    const { interval, rest } = this.tuning;
    const excess = (this.translated() * TRANSLATION_COST) / Math.max(1, this.#sampled * TRANSLATION_SHARE);
    const rarer = Math.min(rest, Math.max(1, excess ** 2));
    return Math.floor((interval * rarer) / Math.max(this.#news, LEAST_NEWS));
  }

  #levelAt(samples: number): Level {
    const { hot, hotter } = this.tuning;
    if (samples < hotter) return samples < hot ? Level.Nothing : Level.Plain;
    return Math.min(Level.Last, Level.Inlined + Math.floor(Math.log2(samples / hotter) / 2)) as Level;
  }
}
