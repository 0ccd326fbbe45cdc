import { HookTapError } from './hook-tap-error.js';
import type { Registration, TapFunction } from './tapable-hook.js';

/** A tap, ready to be called. */
export interface CallableTap {
  readonly name: string;
  readonly call: TapFunction;
  /** A call that is in progress skips a tap that was removed during it. */
  readonly registration: Registration;
}

/** The ordered taps of a hook at one point in time. */
export interface TapList {
  readonly hook: string;
  readonly taps: readonly CallableTap[];
}

/** Makes the function that calls the taps of one type of hook. */
export type TapRunner = (taps: TapList) => (event: unknown) => unknown;

/** The error of a tap. An error of an interceptor, which names itself, is returned unchanged. */
function blame({ hook, taps }: TapList, index: number, cause: unknown): HookTapError {
  if (cause instanceof HookTapError && cause.hook === hook) return cause;
  return new HookTapError(hook, taps[index]?.name ?? '?', cause);
}

/** Calls every tap. */
export const runAll: TapRunner = (list) => {
  const { taps } = list;
  if (taps.length === 0) return () => undefined;
  return (event) => {
    let index = 0;
    try {
      for (const tap of taps) {
        if (!tap.registration.removed) tap.call(event);
        index++;
      }
    } catch (cause) {
      throw blame(list, index, cause);
    }
    return undefined;
  };
};

/** Calls taps until one returns something other than `undefined`. */
export const runUntilAnswer: TapRunner = (list) => {
  const { taps } = list;
  if (taps.length === 0) return () => undefined;
  return (event) => {
    let index = 0;
    try {
      for (const tap of taps) {
        const answer = tap.registration.removed ? undefined : tap.call(event);
        if (answer !== undefined) return answer;
        index++;
      }
    } catch (cause) {
      throw blame(list, index, cause);
    }
    return undefined;
  };
};

/** Passes the argument from tap to tap; a tap that returns `undefined` leaves it unchanged. */
export const runWaterfall: TapRunner = (list) => {
  const { taps } = list;
  return (initial) => {
    let value = initial;
    let index = 0;
    try {
      for (const tap of taps) {
        const next = tap.registration.removed ? undefined : tap.call(value);
        if (next !== undefined) value = next;
        index++;
      }
    } catch (cause) {
      throw blame(list, index, cause);
    }
    return value;
  };
};

/** Calls taps one after the other, and awaits their results. */
export const runInSeries: TapRunner = (list) => {
  const { taps } = list;
  return async (event) => {
    let index = 0;
    try {
      for (const tap of taps) {
        if (!tap.registration.removed) await tap.call(event);
        index++;
      }
    } catch (cause) {
      throw blame(list, index, cause);
    }
  };
};
