/*
 * The counting element of an 8254 (Intel 8254 data sheet, 231164, "Mode definitions"), computed instead of stepped: an
 * access costs the same however much time has passed.
 *
 * A tick is a CLK pulse. A write or an edge of GATE between two ticks takes effect at the later one.
 */
import type { Json } from '@qvm/core';
import { AFTER_PROGRAMMING, decodeCounter, halfOf, modulusOf, saveCounter } from './counter-state.js';
import type { CounterState } from './counter-state.js';
import { HARDWARE_STROBE, ONE_SHOT, RATE, SOFTWARE_STROBE, SQUARE_WAVE, TERMINAL_COUNT } from './modes.js';

/**
 * A counter of an 8254. Its methods act at the time of the last `advance`.
 *
 * @internal
 */
export class Counter {
  #mode = TERMINAL_COUNT;
  #modulus = modulusOf(false);
  #tick = 0;
  #rises = 0;
  #state: CounterState = { ...AFTER_PROGRAMMING, gate: true, output: false };

  /** The level of OUT. */
  get out(): boolean {
    return this.#isStrobeMode ? !this.#state.strobe : this.#state.output;
  }

  /** The status bit NULL COUNT: the counting element has not got the count of CR yet. */
  get nullCount(): boolean {
    return this.#state.nullCount;
  }

  /** The counting element, 0 to 65535 or 9999; 0 before it is loaded. */
  get value(): number {
    const { loaded, initial, elapsed } = this.#state;
    if (!loaded) return 0;
    if (this.#mode === SQUARE_WAVE) return ((initial & ~1) - 2 * elapsed) % this.#modulus;
    const left = (initial - elapsed) % this.#modulus;
    return left < 0 ? left + this.#modulus : left;
  }

  /** How many times OUT has risen since the last call, even if it is low again. */
  takeRises(): number {
    const rises = this.#rises;
    this.#rises = 0;
    return rises;
  }

  /** Ticks from one rise of OUT to the next; undefined if it does not rise periodically. */
  get period(): number | undefined {
    return this.#mode === RATE || this.#mode === SQUARE_WAVE ? this.#state.initial : undefined;
  }

  /** Sets the mode, 0 to 5: counting stops until a count is written. */
  program(mode: number, bcd: boolean): void {
    this.#drive(() => {
      this.#setMode(mode, bcd);
      this.#state = { ...AFTER_PROGRAMMING, gate: this.#state.gate, output: mode !== TERMINAL_COUNT };
    });
  }

  /** The first of two bytes of a count is written: in mode 0, it stops counting and sets OUT low. */
  beginWrite(): void {
    if (this.#mode !== TERMINAL_COUNT) return;
    this.#state.held = true;
    this.#state.output = false;
  }

  /** Writes a count, as a number; 0 is the largest count. */
  write(count: number): void {
    const state = this.#state;
    const periodic = this.#mode === RATE || this.#mode === SQUARE_WAVE;
    state.reload = count % this.#modulus === 0 ? this.#modulus : count % this.#modulus;
    state.written = true;
    state.nullCount = true;
    state.held = false;
    if (this.#mode === TERMINAL_COUNT) state.output = false;
    if (periodic ? !state.loaded : !this.#isTriggered) state.loading = true;
  }

  /** Sets the level of GATE. */
  setGate(gate: boolean): void {
    const state = this.#state;
    const periodic = this.#mode === RATE || this.#mode === SQUARE_WAVE;
    const rising = gate && !state.gate;
    state.gate = gate;
    if (rising && state.written && (periodic || this.#isTriggered)) state.loading = true;
    if (!gate && periodic) this.#drive(() => (state.output = true));
  }

  /** Counts until `tick`, which is not before the present one. */
  advance(tick: number): void {
    while (this.#tick < tick) this.#tick += this.#drive(() => this.#count(tick - this.#tick));
  }

  /** The next tick at which OUT rises, if nothing is written and GATE stays; `undefined`: it does not. */
  nextRise(): number | undefined {
    const { strobe, loading } = this.#state;
    if (strobe) return this.#tick + 1;
    const ticks = loading ? this.#ticksToRise(0, this.#state.reload) : this.#ticksToRise(this.#state.elapsed);
    return ticks === undefined ? undefined : this.#tick + Number(loading) + ticks;
  }

  /** Sets the present, with the counter as it is. */
  startAt(tick: number): void {
    this.#tick = tick;
  }

  save(): Json {
    return saveCounter(this.#state);
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @returns a function that takes it over, with the mode that it was saved in.
   * @throws VdevStateError
   */
  decode(saved: unknown, mode: number, bcd: boolean): () => void {
    const state = decodeCounter(saved, mode, bcd);
    return () => {
      this.#setMode(mode, bcd);
      this.#state = state;
      this.#rises = 0;
    };
  }

  get #isStrobeMode(): boolean {
    return this.#mode === SOFTWARE_STROBE || this.#mode === HARDWARE_STROBE;
  }

  /** Whether a rising edge of GATE starts counting, and its level has no effect. */
  get #isTriggered(): boolean {
    return this.#mode === ONE_SHOT || this.#mode === HARDWARE_STROBE;
  }

  get #isCounting(): boolean {
    const { loaded, held, gate } = this.#state;
    return loaded && !held && (gate || this.#isTriggered);
  }

  #setMode(mode: number, bcd: boolean): void {
    this.#mode = mode;
    this.#modulus = modulusOf(bcd);
  }

  /** Performs a change, and notes whether OUT rises by it. */
  #drive<T>(change: () => T): T {
    const before = this.out;
    const result = change();
    if (!before && this.out && this.#rises === 0) this.#rises = 1;
    return result;
  }

  /** Counts at most `ticks` (1 or more), up to the next load; returns the number. */
  #count(ticks: number): number {
    const state = this.#state;
    if (state.loading) {
      this.#load();
      state.output = this.#mode !== TERMINAL_COUNT && this.#mode !== ONE_SHOT;
      return 1;
    }
    if (state.strobe) {
      // Lasts one tick, whether GATE lets the counter count or not.
      state.strobe = false;
      if (this.#isCounting) state.elapsed++;
      return 1;
    }
    if (!this.#isCounting) return ticks;
    if (this.#mode === RATE) return this.#countRate(ticks);
    if (this.#mode === SQUARE_WAVE) return this.#countSquareWave(ticks);
    return this.#countOnce(ticks);
  }

  /** CR goes to the counting element. */
  #load(): void {
    Object.assign(this.#state, { initial: this.#state.reload, elapsed: 0, loaded: true, loading: false });
    Object.assign(this.#state, { nullCount: false, strobe: false });
  }

  /** Modes 0, 1, 4 and 5: OUT changes at the terminal count, and counting goes on without effect. */
  #countOnce(ticks: number): number {
    const state = this.#state;
    const left = state.initial - state.elapsed;
    if (left > ticks) {
      state.elapsed += ticks;
      return ticks;
    }
    if (left > 0) {
      state.elapsed = state.initial;
      state.output = true;
      state.strobe = this.#isStrobeMode;
      return left;
    }
    state.elapsed = state.initial + ((state.elapsed - state.initial + ticks) % this.#modulus);
    return ticks;
  }

  /** Mode 2: OUT is low in the last tick of a period. A count of 1 is illegal; OUT stays high then. */
  #countRate(ticks: number): number {
    const state = this.#state;
    const step = state.nullCount ? Math.min(ticks, state.initial - state.elapsed) : ticks;
    const reloads = state.elapsed + step >= state.initial;
    if (state.initial > 1) this.#rises += Math.floor((state.elapsed + step) / state.initial);
    state.elapsed = (state.elapsed + step) % state.initial;
    if (reloads && state.nullCount) this.#load();
    state.output = state.initial === 1 || state.elapsed !== state.initial - 1;
    return step;
  }

  /** Mode 3: OUT is high in the first half of a period, which is one tick longer if the count is odd. */
  #countSquareWave(ticks: number): number {
    const state = this.#state;
    if (state.elapsed + ticks < halfOf(state.initial, state.output)) {
      state.elapsed += ticks;
      return ticks;
    }
    if (state.nullCount) return this.#endHalfPeriod();
    const high = halfOf(state.initial, true);
    const position = (state.output ? 0 : high) + state.elapsed + ticks;
    if (state.initial > 1) this.#rises += Math.floor(position / state.initial);
    const rest = position % state.initial;
    state.output = rest < high;
    state.elapsed = state.output ? rest : rest - high;
    return ticks;
  }

  /** Mode 3: a new count is loaded at the end of half a period. A count of 1 gives no square wave; OUT stays high. */
  #endHalfPeriod(): number {
    const state = this.#state;
    const left = halfOf(state.initial, state.output) - state.elapsed;
    const next = state.initial === 1 || !state.output;
    this.#load();
    state.output = next || state.initial === 1;
    return left;
  }

  /** Ticks from `elapsed` to the next rise of OUT in a period, or one shot, of `initial`. */
  #ticksToRise(elapsed: number, initial = this.#state.initial): number | undefined {
    const { gate, held, loaded, loading } = this.#state;
    if (held || !(loaded || loading) || !(gate || this.#isTriggered)) return undefined;
    if (this.#mode === RATE || this.#mode === SQUARE_WAVE) return this.#ticksToPeriodicRise(elapsed, initial);
    if (elapsed >= initial) return undefined;
    return initial - elapsed + (this.#isStrobeMode ? 1 : 0);
  }

  #ticksToPeriodicRise(elapsed: number, initial: number): number | undefined {
    const { loading, nullCount, output, reload } = this.#state;
    const next = nullCount ? reload : initial;
    if (initial === 1) return next === 1 ? undefined : 1 + next;
    if (this.#mode === RATE) return initial - elapsed;
    if (loading) return initial;
    if (!output) return halfOf(initial, false) - elapsed;
    return next === 1 ? undefined : halfOf(initial, true) - elapsed + halfOf(next, false);
  }
}
