import { HookMap } from 'tapable';
import type { AsyncSeriesHook, SyncBailHook, SyncHook, TypedHookMap } from 'tapable';
import type { Disposable } from '../disposal/disposable.js';
import type { InterpretedHook } from './interpreted-hook.js';

/**
 * Place of a tap among the others.
 *
 * @beta
 */
export interface TapPlace {
  /** One of the `STAGE_` constants, or a number between them; lower ones come first. */
  readonly stage?: number;
  /** Name of an earlier tap that this one comes before. */
  readonly before?: string;
}

/**
 * Name and place of a tap. `name` is the plugin's name.
 *
 * @beta
 */
export interface TapOptions extends TapPlace {
  /** Name of the tap, for errors and for `before`. */
  readonly name: string;
}

/**
 * What sees the calls of a hook and the registrations of taps, as in tapable: `call`, `tap`, `result`, `done`, `error`, and
 * `register`, which may replace a tap.
 *
 * @beta
 */
export type HookInterceptor<E, R> = Parameters<SyncHook<[E], R>['intercept']>[0];

/** The members of a hook that all plugins see. */
interface TappableBase<E, R> {
  /** `Owner.hook`. */
  readonly name: string;
  /** Adds an interceptor. It stays as long as the hook. */
  intercept(interceptor: HookInterceptor<E, R>): void;
  /** Whether there are taps or interceptors. */
  isUsed(): boolean;
  /** The same hook, for taps that have these options where they do not give their own. */
  withOptions(options: TapPlace): this;
}

/**
 * The side of a hook that a plugin sees: it may tap, not call. Disposing the result takes the tap out again.
 *
 * @beta
 */
export interface TappableHook<E, R> extends TappableBase<E, R> {
  /** Adds a tap. Disposing the result takes it out. */
  tap(options: string | TapOptions, tap: (event: E) => R): Disposable;
}

/**
 * The plugin's side of a hook whose taps may be asynchronous: by promise, or by a callback that is called with an error or
 * nothing.
 *
 * @beta
 */
export interface TappableSeriesHook<E> extends TappableBase<E, void> {
  /** Adds a tap that is done on return. */
  tap(options: string | TapOptions, tap: (event: E) => void): Disposable;
  /** Adds a tap that is done when its promise resolves. */
  tapPromise(options: string | TapOptions, tap: (event: E) => Promise<void>): Disposable;
  /** Adds a tap that is done when it calls `done`, with an error or nothing. */
  tapAsync(options: string | TapOptions, tap: (event: E, done: (error?: Error | null) => void) => void): Disposable;
}

/**
 * The plugin's side of a family of hooks.
 *
 * @beta
 */
export interface TappableHookMap<K extends string, E, R> {
  /** `Owner.hooks`. */
  readonly name: string;
  /** @throws `QvmError` `hook.kind` when there is no such key. */
  for(key: K): TappableHook<E, R>;
  /** Has `factory` called with each hook that is made from now on: one for each key, when it is first asked for. */
  intercept(interceptor: { factory(key: K, hook: TappableHook<E, R>): void }): void;
}

/**
 * The plugin's side of one hook of any type. (An observer's result is `void`, a waterfall's a value or nothing.)
 *
 * @beta
 */
export type TappableOf<H> =
  H extends TypedHookMap<infer M>
    ? M[keyof M] extends SyncBailHook<[infer E], infer R>
      ? TappableHookMap<keyof M & string, E, R>
      : never
    : H extends AsyncSeriesHook<[infer E]>
      ? TappableSeriesHook<E>
      : H extends SyncHook<[infer E], infer R>
        ? TappableHook<E, R extends undefined | void ? R : R | undefined>
        : never;

/**
 * A set of hooks as plugins see it.
 *
 * @beta
 */
export type Tappable<H> = { readonly [K in keyof H]: TappableOf<H[K]> };

/**
 * Whether anyone has tapped or intercepted a hook: ask this before building an event. The same as `isUsed`, for hooks
 * that were made here.
 *
 * @experimental
 */
export function hasTaps(hook: { isUsed(): boolean }): boolean {
  return (hook as InterpretedHook).used;
}

type AnyHookMap = HookMap<InterpretedHook>;

/** A hook without the ways to call it, by tapable's own `withOptions`. */
function wrapHook(hook: InterpretedHook): object {
  return Object.freeze(hook.withOptions({}));
}

function wrapMap(map: AnyHookMap): object {
  return Object.freeze({
    name: map.name,
    for: (key: string) => wrapHook(map.for(key)),
    intercept: ({ factory }: { factory(key: string, hook: object): void }): void =>
      map.intercept({
        factory: (key: string, hook) => {
          factory(key, wrapHook(hook));
          return hook;
        },
      }),
  });
}

/**
 * Tap-only access to a set of hooks: what plugins get.
 *
 * @experimental
 */
export function tappable<H extends object>(hooks: H): Tappable<H> {
  const entries = Object.entries(hooks) as readonly [string, InterpretedHook | AnyHookMap][];
  return Object.freeze(
    Object.fromEntries(entries.map(([name, hook]) => [name, hook instanceof HookMap ? wrapMap(hook) : wrapHook(hook)])),
  ) as Tappable<H>;
}
