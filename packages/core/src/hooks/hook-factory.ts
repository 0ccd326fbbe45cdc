import { HookMap } from 'tapable';
import type { AsyncSeriesHook, SyncBailHook, SyncHook, SyncWaterfallHook, TypedHookMap } from 'tapable';
import { InterpretedHook } from './interpreted-hook.js';
import type { HookType } from './interpreted-hook.js';
import { requireKind } from './kinds.js';
import { runAll, runInSeries, runUntilAnswer, runWaterfall } from './tap-runner.js';

const SYNC: HookType = { runner: runAll };
const BAIL: HookType = { runner: runUntilAnswer };
const WATERFALL: HookType = { runner: runWaterfall, valued: true };
const SERIES: HookType = { runner: runInSeries, awaits: true };

/** Makes a hook with tapable's type, which has the types of event and answer. */
function create<H>(name: string, type: HookType): H {
  return new InterpretedHook(name, type) as unknown as H;
}

/**
 * Makes a hook whose taps only observe. It is an instance of tapable's class, like all hooks made here, and works
 * under a policy that forbids generating code from strings.
 *
 * @param name - `Owner.hook`, for errors.
 * @experimental
 */
export function createSyncHook<E>(name: string): SyncHook<[E]> {
  return create(name, SYNC);
}

/**
 * Makes a hook whose first answer other than `undefined` wins.
 *
 * @experimental
 */
export function createBailHook<E, R>(name: string): SyncBailHook<[E], R | undefined> {
  return create(name, BAIL);
}

/**
 * Makes a hook that passes a value from tap to tap; a tap that returns `undefined` leaves it unchanged.
 *
 * @experimental
 */
export function createWaterfallHook<V>(name: string): SyncWaterfallHook<[V]> {
  return create(name, WATERFALL);
}

/**
 * Makes a hook whose taps may be asynchronous (`tapPromise`, `tapAsync`) and run one after the other. Call it with
 * `promise` or
 * `callAsync`.
 *
 * @experimental
 */
export function createSeriesHook<E>(name: string): AsyncSeriesHook<[E]> {
  return create(name, SERIES);
}

/**
 * Makes one bail hook for each of the given keys, on first use. Resolve a key once and keep the hook: the lookup costs
 * more than the call.
 *
 * @param keys - all valid keys. `for` with another key throws a `QvmError` `hook.kind` that suggests the nearest.
 * @experimental
 */
export function createBailHookMap<K extends string, E, R>(
  name: string,
  keys: readonly K[],
): TypedHookMap<Record<K, SyncBailHook<[E], R | undefined>>> {
  return new HookMap((key: string) => {
    requireKind(name, key, keys);
    return createBailHook<E, R>(`${name}.for("${key}")`);
  }, name);
}
