import { HookMap } from 'tapable';
import type { AsyncSeriesHook, SyncBailHook, SyncHook, TypedHookMap } from 'tapable';
import type { Disposable } from '../disposal/disposable.js';
import type { InterpretedHook } from './interpreted-hook.js';

/**
 * Place of a tap in the order of taps.
 *
 * @beta
 */
export interface TapPlace {
  /** One of the `STAGE_` constants, or a number between them; lower ones come first. */
  readonly stage?: number;
  /** Name of an earlier tap; this one is inserted before it. */
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
 * Observes the calls of a hook and the registrations of taps, as in tapable: `call`, `tap`, `result`, `done`, `error`,
 * and
 * `register`, which may replace a tap.
 *
 * @beta
 */
export type HookInterceptor<E, R> = Parameters<SyncHook<[E], R>['intercept']>[0];

/** The members of a hook that all plugins see. */
interface TappableBase<E, R> {
  /** `Owner.hook`. */
  readonly name: string;
  /** Adds an interceptor. It cannot be removed. */
  intercept(interceptor: HookInterceptor<E, R>): void;
  /** Whether there are taps or interceptors. */
  isUsed(): boolean;
  /** The same hook with default options for the taps added through it. */
  withOptions(options: TapPlace): this;
}

/**
 * The plugin's side of a hook: it may tap, not call. Disposing the result of `tap` removes the tap.
 *
 * @beta
 */
export interface TappableHook<E, R> extends TappableBase<E, R> {
  /** Adds a tap. Disposing the result removes it. */
  tap(options: string | TapOptions, tap: (event: E) => R): Disposable;
}

/**
 * The plugin's side of a hook whose taps may be asynchronous: with a promise, or with a callback that is called with
 * an error or nothing.
 *
 * @beta
 */
export interface TappableSeriesHook<E> extends TappableBase<E, void> {
  /** Adds a synchronous tap. */
  tap(options: string | TapOptions, tap: (event: E) => void): Disposable;
  /** Adds a tap that ends when its promise resolves. */
  tapPromise(options: string | TapOptions, tap: (event: E) => Promise<void>): Disposable;
  /** Adds a tap that ends when it calls `done`, with an error or nothing. */
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
  /** Calls `factory` with each hook that is made from now on: one for each key, at its first use. */
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
 * The plugin's side of a set of hooks.
 *
 * @beta
 */
export type Tappable<H> = { readonly [K in keyof H]: TappableOf<H[K]> };

/**
 * Whether a hook has taps or interceptors; check this before building an event. Equals `isUsed` for hooks that were
 * made here, and is faster.
 *
 * @experimental
 */
export function hasTaps(hook: { isUsed(): boolean }): boolean {
  return (hook as InterpretedHook).used;
}

type AnyHookMap = HookMap<InterpretedHook>;

/** A view of a hook without the methods that call it, made by tapable's own `withOptions`. */
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
 * The tap-only view of a set of hooks that plugins get.
 *
 * @experimental
 */
export function tappable<H extends object>(hooks: H): Tappable<H> {
  const entries = Object.entries(hooks) as readonly [string, InterpretedHook | AnyHookMap][];
  return Object.freeze(
    Object.fromEntries(entries.map(([name, hook]) => [name, hook instanceof HookMap ? wrapMap(hook) : wrapHook(hook)])),
  ) as Tappable<H>;
}
