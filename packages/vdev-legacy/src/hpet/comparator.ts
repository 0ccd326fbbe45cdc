/*
 * A timer of an HPET: comparator, period, and when it matches next (IA-PC HPET Specification 1.0a, section 2.3.8 and
 * 2.3.9).
 */
import { requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import {
  INT_ENB_CNF,
  INT_ROUTE_CNF,
  INT_ROUTE_SHIFT,
  INT_TYPE_CNF,
  MODE32_CNF,
  PER_INT_CAP,
  SIZE_CAP,
  TN_WRITABLE,
  TYPE_CNF,
  VAL_SET_CNF,
} from './constants.js';
import { MissedTicks } from '../time/missed-ticks.js';
import { decodeWords, saveWords, withWords, wordOf } from './words.js';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const WRAP_32 = 2 ** 32;
/**
 * Ticks between two interrupts at least, a microsecond: matches of a shorter period are merged, so that a guest cannot
 * keep its VM from running.
 */
export const LEAST_PERIOD = 100;

/** @internal */
export class Comparator {
  #configuration = 0;
  #comparator = ALL_ONES;
  #period = 0n;
  /** Tick of the next match; `undefined`: none, or the main counter stands. */
  #due: number | undefined;
  /** Matches that a late host has missed. */
  readonly #missed = new MissedTicks(LEAST_PERIOD);

  /** Tick of the next match, or of one that was missed. */
  get due(): number | undefined {
    const missed = this.#missed.due;
    return missed === undefined || this.#due === undefined ? this.#due : Math.min(missed, this.#due);
  }

  /** The low word of the configuration register. */
  get configuration(): number {
    return this.#configuration | PER_INT_CAP | SIZE_CAP;
  }

  get interruptEnabled(): boolean {
    return (this.#configuration & INT_ENB_CNF) !== 0;
  }

  get levelTriggered(): boolean {
    return (this.#configuration & INT_TYPE_CNF) !== 0;
  }

  /** The input of the interrupt controller that it is routed to. */
  get route(): number {
    return (this.#configuration & INT_ROUTE_CNF) >>> INT_ROUTE_SHIFT;
  }

  /** `schedule` must follow. */
  configure(value: number): void {
    this.#configuration = value & TN_WRITABLE;
    if ((value & TYPE_CNF) === 0) this.#configuration &= ~VAL_SET_CNF;
    if (this.#is32) this.#comparator = BigInt.asUintN(32, this.#comparator);
  }

  /** A word of the comparator. */
  read(high: boolean): number {
    return wordOf(this.#comparator, high);
  }

  /**
   * Writes words of the comparator; `undefined` leaves one as it is. In periodic mode, that is the period; and the next
   * match, too, if VAL_SET_CNF is set. `schedule` must follow.
   */
  write(lo: number | undefined, hi: number | undefined): void {
    const high = this.#is32 ? undefined : hi;
    if (!this.#isPeriodic || (this.#configuration & VAL_SET_CNF) !== 0) {
      this.#comparator = withWords(this.#comparator, lo, high);
    }
    this.#period = withWords(this.#is32 ? 0n : this.#period, lo, high);
    this.#configuration &= ~VAL_SET_CNF;
  }

  /**
   * Determines the next match.
   *
   * @param counter - the main counter at `tick`; `undefined`: it stands.
   */
  schedule(counter: bigint | undefined, tick: number): void {
    this.#missed.clear();
    if (counter === undefined) {
      this.#due = undefined;
      return;
    }
    const ticks = BigInt.asUintN(this.#is32 ? 32 : 64, this.#comparator - counter);
    this.#due = ticks > BigInt(Number.MAX_SAFE_INTEGER - tick) ? undefined : tick + Number(ticks);
  }

  /** Takes the match that is due, and goes to the next one after `tick`. */
  match(tick: number): void {
    const due = this.#due ?? tick;
    if (due > tick) {
      this.#missed.take(tick);
      return;
    }
    if (!this.#isPeriodic) {
      // The comparator matches again when a counter of 32 bits comes round.
      this.#due = this.#is32 ? due + WRAP_32 * Math.ceil((tick - due + 1) / WRAP_32) : undefined;
      return;
    }
    const period = Number(this.#period);
    if (period === 0 || period > Number.MAX_SAFE_INTEGER / 2) {
      this.#due = undefined;
      return;
    }
    const periods = Math.max(1, Math.ceil((tick - due + LEAST_PERIOD) / period));
    this.#missed.add(Math.floor((tick - due) / period), tick, period);
    this.#due = due + periods * period;
    this.#comparator = BigInt.asUintN(this.#is32 ? 32 : 64, this.#comparator + BigInt(periods) * this.#period);
  }

  reset(): void {
    this.#configuration = 0;
    this.#comparator = ALL_ONES;
    this.#period = 0n;
    this.#due = undefined;
    this.#missed.clear();
  }

  save(): Json {
    return {
      configuration: this.#configuration,
      comparator: saveWords(this.#comparator),
      period: saveWords(this.#period),
    };
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @returns a function that takes it over; `schedule` must follow.
   * @throws VdevStateError
   */
  decode(saved: unknown, what: string): () => void {
    const state = requireObject(saved, ['configuration', 'comparator', 'period'], what);
    const configuration = requireUnsigned(state.configuration, TN_WRITABLE, 'configuration') & TN_WRITABLE;
    const comparator = decodeWords(requireObject(state.comparator, ['lo', 'hi'], 'comparator'), 'comparator');
    const period = decodeWords(requireObject(state.period, ['lo', 'hi'], 'period'), 'period');
    return () => {
      this.#configuration = configuration;
      this.#comparator = comparator;
      this.#period = period;
    };
  }

  get #is32(): boolean {
    return (this.#configuration & MODE32_CNF) !== 0;
  }

  get #isPeriodic(): boolean {
    return (this.#configuration & TYPE_CNF) !== 0;
  }
}
