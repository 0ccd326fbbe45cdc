import { AsyncSeriesHook, HookMap, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable';
import { interpret, runAll, runInSeries, runUntilAnswer, runWaterfall } from './interpreted-hook.js';

/**
 * A hook whose taps only watch. Works under a policy that forbids generating code from strings, as do all hooks made
 * here; tapable's interceptors are not supported.
 *
 * @param name - `Owner.hook`, for errors.
 * @experimental
 */
export function createSyncHook<E>(name: string): SyncHook<[E]> {
  return interpret(new SyncHook<[E]>(['event'], name), 'sync', runAll);
}

/**
 * A hook whose first answer other than `undefined` wins.
 *
 * @experimental
 */
export function createBailHook<E, R>(name: string): SyncBailHook<[E], R | undefined> {
  return interpret(new SyncBailHook<[E], R | undefined>(['event'], name), 'sync', runUntilAnswer);
}

/**
 * A hook that hands a value from tap to tap; a tap that returns `undefined` leaves it as it is.
 *
 * @experimental
 */
export function createWaterfallHook<V>(name: string): SyncWaterfallHook<[V]> {
  return interpret(new SyncWaterfallHook<[V]>(['value'], name), 'sync', runWaterfall);
}

/**
 * A hook whose taps may be asynchronous (`tapPromise`) and run one after the other. Call it with `promise`.
 *
 * @experimental
 */
export function createSeriesHook<E>(name: string): AsyncSeriesHook<[E]> {
  const hook = interpret(new AsyncSeriesHook<[E]>(['event'], name), 'promise', runInSeries);
  // A callback tap would be called without its callback, and the series would go on before it is done.
  hook.tapAsync = () => {
    throw new TypeError(`The hook ${name} takes tap or tapPromise, not tapAsync.`);
  };
  return hook;
}

/**
 * One bail hook per key, made on first use. Resolve a key once and keep the hook: looking it up costs more than calling it.
 *
 * @experimental
 */
export function createBailHookMap<E, R>(name: string): HookMap<SyncBailHook<[E], R | undefined>> {
  return new HookMap((key: string) => createBailHook<E, R>(`${name}.for("${key}")`), name);
}
