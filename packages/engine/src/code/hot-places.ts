import type { RegionTuning } from './region-tuning.js';

/** Number of places whose heat is recorded. */
const HEAT_LIMIT = 0x1_0000;
/** Cost of translating one instruction, in instructions that the guest could have run. */
const TRANSLATION_COST = 1500;
/** Share of the run time that translation may use before sampling becomes rare. */
const TRANSLATION_SHARE = 0.05;
/** Samples become rarer by a factor of at most 1 / LEAST_NEWS if they bring little news. */
const LEAST_NEWS = 1 / 16;
/** Number of samples over which the news is averaged. */
const NEWS_SAMPLES = 64;

/** By how many times more samples a place needs when translations of earlier runs can be had. */
const KNOWN_PATIENCE = 4;

/**
 * The treatment that a place deserves. Levels above {@link Level.Inlined} translate it again, with more known targets
 * of branches.
 */
export enum Level {
  Nothing = -1,
  /** A region of one page. */
  Plain = 0,
  /** A region with the functions that it calls. */
  Inlined = 1,
  Last = 3,
}

/**
 * Determines the hot places in guest code from samples. A place is the address of a record.
 *
 * @internal
 */
export class HotPlaces {
  readonly #heat = new Map<number, number>();
  /** Places that cannot be translated. */
  readonly #refused = new Set<number>();
  /** Instructions that the samples account for. */
  #sampled = 0;
  /** Share of the latest samples whose place can still reach a higher level. */
  #news = 1;
  #random = 1;

  /**
   * Whether translations of earlier runs can be had. Then samples never become rare to save translation, because each
   * may lead to a translation that costs nothing; instead a place needs more of them to be translated. A place that earlier
   * runs have not translated was cold in them, so it needs more samples from the start.
   */
  known = false;

  /** @param translated - guest instructions translated so far in this run. */
  constructor(
    private readonly tuning: RegionTuning,
    private readonly translated: () => number,
  ) {}

  /**
   * Instructions until the next sample. The distance varies, because otherwise a loop would always be sampled at the
   * same place.
   */
  nextInterval(): number {
    // Numerical Recipes' generator, with a fixed seed: each run is the same.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) | 0;
    return (this.#interval >>> 1) + ((this.#random >>> 8) % this.#interval);
  }

  /** Adds the instructions that the guest has run since the last sample. */
  addSample(instructions: number): void {
    this.#sampled += instructions;
  }

  /**
   * Adds the instructions of a sample to a place.
   *
   * @returns the level that the place has reached by them, if it is a new one.
   */
  heat(place: number, instructions: number): Level | undefined {
    if (this.#refused.has(place)) return undefined;
    if (this.#heat.size >= HEAT_LIMIT) this.#heat.clear();
    const before = this.#heat.get(place) ?? 0;
    const samples = Math.max(1, Math.floor(instructions / this.#interval));
    const count = before + (this.known ? samples / (this.#rarity * KNOWN_PATIENCE) : samples);
    this.#heat.set(place, count);
    const level = this.#levelAt(count);
    this.#news += ((level < Level.Last ? 1 : 0) - this.#news) / NEWS_SAMPLES;
    return level === Level.Nothing || level === this.#levelAt(before) ? undefined : level;
  }

  /** Notes that a place already has what it deserves at a level. */
  reach(place: number, level: Level): void {
    this.#heat.set(place, Math.max(this.#heat.get(place) ?? 0, this.#samplesFor(level)));
  }

  /** Marks a place that cannot be translated. */
  refuse(place: number): void {
    this.#refused.add(place);
  }

  /** Resets a place's heat: it must become hot again. */
  cool(place: number): void {
    this.#heat.delete(place);
  }

  /** Forgets a place whose code has changed. */
  forget(place: number): void {
    this.#heat.delete(place);
    this.#refused.delete(place);
  }

  /**
   * Mean distance of samples: short, until translation exceeds its share of the run or there is little news. At a
   * larger distance a place must be hotter to be translated, so the share is spent on the hottest places.
   */
  get #interval(): number {
    const distance = this.known ? this.tuning.interval : this.tuning.interval * this.#rarity;
    return Math.floor(distance / Math.max(this.#news, LEAST_NEWS));
  }

  /** By how much translation is to become rarer, because it has exceeded its share of the run. */
  get #rarity(): number {
    const excess = (this.translated() * TRANSLATION_COST) / Math.max(1, this.#sampled * TRANSLATION_SHARE);
    return Math.min(this.tuning.rest, Math.max(1, excess ** 2));
  }

  #levelAt(samples: number): Level {
    const { hot, hotter } = this.tuning;
    if (samples < hotter) return samples < hot ? Level.Nothing : Level.Plain;
    return Math.min(Level.Last, Level.Inlined + Math.floor(Math.log2(samples / hotter) / 2)) as Level;
  }

  #samplesFor(level: Level): number {
    const { hot, hotter } = this.tuning;
    return level === Level.Plain ? hot : hotter * 4 ** (level - Level.Inlined);
  }
}
