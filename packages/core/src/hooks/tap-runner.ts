import { HookTapError } from './hook-tap-error.js';
import type { FullTap, TapFunction } from './tapable-hook.js';

/** The ordered taps of a hook at one point in time. */
export interface TapList {
  readonly hook: string;
  readonly taps: readonly FullTap[];
  /** The function to call for each tap; {@link idle} for a tap that has been removed since. */
  readonly functions: TapFunction[];
}

/** Replaces the function of a removed tap. */
export const idle: TapFunction = () => undefined;

/** Makes the function that calls the taps of one type of hook. */
export type TapRunner = (taps: TapList) => (event: unknown) => unknown;

/** The error of a tap. An error of an interceptor, which names itself, is returned unchanged. */
function blame({ hook, taps }: TapList, index: number, cause: unknown): HookTapError {
  if (cause instanceof HookTapError && cause.hook === hook) return cause;
  return new HookTapError(hook, taps[index]?.name ?? '?', cause);
}

/** Calls every tap. */
export const runAll: TapRunner = (taps) => {
  const { functions } = taps;
  if (functions.length === 0) return () => undefined;
  return (event) => {
    let index = 0;
    try {
      for (const tap of functions) {
        tap(event);
        index++;
      }
    } catch (cause) {
      throw blame(taps, index, cause);
    }
    return undefined;
  };
};

/** Calls taps until one returns something other than `undefined`. */
export const runUntilAnswer: TapRunner = (taps) => {
  const { functions } = taps;
  if (functions.length === 0) return () => undefined;
  return (event) => {
    let index = 0;
    try {
      for (const tap of functions) {
        const answer = tap(event);
        if (answer !== undefined) return answer;
        index++;
      }
    } catch (cause) {
      throw blame(taps, index, cause);
    }
    return undefined;
  };
};

/** Passes the argument from tap to tap; a tap that returns `undefined` leaves it unchanged. */
export const runWaterfall: TapRunner = (taps) => {
  const { functions } = taps;
  return (initial) => {
    let value = initial;
    let index = 0;
    try {
      for (const tap of functions) {
        const next = tap(value);
        if (next !== undefined) value = next;
        index++;
      }
    } catch (cause) {
      throw blame(taps, index, cause);
    }
    return value;
  };
};

/** Calls taps one after the other, and awaits their results. */
export const runInSeries: TapRunner = (taps) => {
  const { functions } = taps;
  return async (event) => {
    let index = 0;
    try {
      for (const tap of functions) {
        await tap(event);
        index++;
      }
    } catch (cause) {
      throw blame(taps, index, cause);
    }
  };
};
