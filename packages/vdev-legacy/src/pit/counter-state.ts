import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { RATE, SQUARE_WAVE } from './modes.js';

const BINARY_MODULUS = 0x1_0000;
const BCD_MODULUS = 10_000;

const FLAGS = ['gate', 'loaded', 'loading', 'written', 'nullCount', 'held', 'output', 'strobe'] as const;
const MEMBERS = ['initial', 'elapsed', 'reload', ...FLAGS] as const;

/**
 * The state of a counter besides its mode.
 *
 * @internal
 */
export interface CounterState {
  /** The count that was loaded last, 1 to the modulus. */
  initial: number;
  /** Ticks that were counted since then; in modes 2 and 3 since the begin of the period, or of its half. */
  elapsed: number;
  /** The count register CR, 1 to the modulus. */
  reload: number;
  /** Level of GATE. */
  gate: boolean;
  /** Whether the counting element was loaded since the mode was set. */
  loaded: boolean;
  /** Whether it is loaded at the next tick. */
  loading: boolean;
  /** Whether CR was written since the mode was set. */
  written: boolean;
  /** Whether CR is not in the counting element yet. */
  nullCount: boolean;
  /** Whether the first of two bytes stopped counting (mode 0). */
  held: boolean;
  /** OUT in modes 0 to 3. */
  output: boolean;
  /** Whether OUT is low in modes 4 and 5. */
  strobe: boolean;
}

/** The state that a control word sets, without GATE and OUT. */
export const AFTER_PROGRAMMING = {
  ...{ initial: 1, elapsed: 0, reload: 1 },
  ...{ loaded: false, loading: false, written: false, nullCount: true, held: false, strobe: false },
};

/** The number of different counts. */
export function modulusOf(bcd: boolean): number {
  return bcd ? BCD_MODULUS : BINARY_MODULUS;
}

/** Ticks of the half of a square wave in which OUT is `high`. */
export function halfOf(count: number, high: boolean): number {
  return high ? Math.ceil(count / 2) : Math.floor(count / 2);
}

/** The state as JSON. */
export function saveCounter(state: CounterState): Json {
  return Object.fromEntries(MEMBERS.map((name) => [name, state[name]]));
}

/**
 * Validates a saved state for a mode.
 *
 * @throws VdevStateError
 */
export function decodeCounter(saved: unknown, mode: number, bcd: boolean): CounterState {
  const object = requireObject(saved, MEMBERS, 'counter');
  const modulus = modulusOf(bcd);
  const initial = requireCount(object.initial, modulus, 'initial');
  const reload = requireCount(object.reload, modulus, 'reload');
  const elapsed = requireUnsigned(object.elapsed, largestElapsed(mode, initial, modulus), 'elapsed');
  const flags = Object.fromEntries(FLAGS.map((name) => [name, requireBoolean(object[name], name)]));
  return { initial, reload, elapsed, ...(flags as Record<(typeof FLAGS)[number], boolean>) };
}

function largestElapsed(mode: number, initial: number, modulus: number): number {
  if (mode === RATE) return initial - 1;
  if (mode === SQUARE_WAVE) return halfOf(initial, true) - 1;
  return initial + modulus - 1;
}

function requireCount(value: unknown, modulus: number, what: string): number {
  return requireUnsigned(typeof value === 'number' ? value - 1 : value, modulus - 1, `${what} less 1`) + 1;
}
