import { HookTapError } from './hook-tap-error.js';
import type { FullTap, TapFunction } from './tapable-hook.js';

/** The taps of a hook in order, as of one moment. */
export interface TapList {
  readonly hook: string;
  readonly taps: readonly FullTap[];
  /** What to call for each tap. {@link idle} for one that has been taken out since. */
  readonly functions: TapFunction[];
}

/** Stands for a tap that is no more. */
export const idle: TapFunction = () => undefined;

/** Makes the function that calls the taps of one type of hook. */
export type TapRunner = (taps: TapList) => (event: unknown) => unknown;

/** The error of a tap; one of an interceptor, which names itself, stays as it is. */
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

/** Calls taps until one answers with something other than `undefined`. */
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

/** Hands the argument from tap to tap; a tap that returns `undefined` leaves it as it is. */
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

/** Calls taps one after the other, awaiting what they return. */
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
