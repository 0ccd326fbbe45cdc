import type { AsyncSeriesHook, HookMap, SyncBailHook, SyncHook } from 'tapable';

/**
 * Something that can be undone or released once.
 *
 * @experimental
 */
export interface Disposable {
  dispose(): void;
}

/**
 * Name and place of a tap. `name` is the plugin's name; `stage` one of the `STAGE_` constants.
 *
 * @experimental
 */
export interface TapOptions {
  readonly name: string;
  readonly stage?: number;
}

/**
 * The side of a hook that a plugin sees: it may tap, not call. Disposing the result makes the tap do nothing.
 *
 * @experimental
 */
export interface TappableHook<E, R> {
  tap(options: string | TapOptions, tap: (event: E) => R): Disposable;
}

/**
 * The plugin's side of a hook whose taps may be asynchronous.
 *
 * @experimental
 */
export interface TappableSeriesHook<E> {
  tapPromise(options: string | TapOptions, tap: (event: E) => Promise<void>): Disposable;
}

/**
 * The plugin's side of a family of hooks.
 *
 * @experimental
 */
export interface TappableHookMap<E, R> {
  for(key: string): TappableHook<E, R>;
}

/**
 * The plugin's side of one hook of any type. (An observer's result is `void`, a waterfall's a value or nothing.)
 *
 * @experimental
 */
export type TappableOf<H> =
  H extends HookMap<SyncBailHook<[infer E], infer R>>
    ? TappableHookMap<E, R>
    : H extends AsyncSeriesHook<[infer E]>
      ? TappableSeriesHook<E>
      : H extends SyncHook<[infer E], infer R>
        ? TappableHook<E, R extends undefined | void ? R : R | undefined>
        : never;

/**
 * A set of hooks as plugins see it.
 *
 * @experimental
 */
export type Tappable<H> = { readonly [K in keyof H]: TappableOf<H[K]> };

/**
 * Whether anyone has tapped a hook: ask this before building an event. (`isUsed` also counts interceptors.)
 *
 * @experimental
 */
export function hasTaps(hook: { readonly taps: readonly unknown[] }): boolean {
  return hook.taps.length !== 0;
}

/** The call-less operations that the wrappers forward to. */
interface AnyHook {
  tap?(options: string | TapOptions, tap: (event: unknown) => unknown): void;
  tapPromise?(options: string | TapOptions, tap: (event: unknown) => Promise<unknown>): void;
  for?(key: string): AnyHook;
}

/** tapable cannot remove a tap, so a tap that is let go stays in the list and does nothing. */
function revocable<R>(tap: (event: unknown) => R, idle: R): { readonly tap: (event: unknown) => R } & Disposable {
  let current: ((event: unknown) => R) | undefined = tap;
  return {
    tap: (event) => (current === undefined ? idle : current(event)),
    dispose: () => {
      current = undefined;
    },
  };
}

// tapable's own tap edits the options object that it is given.
function ownOptions(options: string | TapOptions): string | TapOptions {
  return typeof options === 'string' ? options : { ...options };
}

function wrapHook(hook: AnyHook): object {
  return Object.freeze({
    tap: (options: string | TapOptions, tap: (event: unknown) => unknown): Disposable => {
      const handle = revocable(tap, undefined);
      hook.tap?.(ownOptions(options), handle.tap);
      return handle;
    },
    tapPromise: (options: string | TapOptions, tap: (event: unknown) => Promise<unknown>): Disposable => {
      const handle = revocable(tap, Promise.resolve(undefined));
      hook.tapPromise?.(ownOptions(options), handle.tap);
      return handle;
    },
  });
}

function wrap(hook: AnyHook): object {
  const { for: lookUp } = hook;
  if (lookUp === undefined) return wrapHook(hook);
  return Object.freeze({ for: (key: string) => wrapHook(lookUp.call(hook, key)) });
}

/**
 * Tap-only access to a set of hooks: what plugins get.
 *
 * @experimental
 */
export function tappable<H extends object>(hooks: H): Tappable<H> {
  const entries = Object.entries(hooks) as readonly [string, AnyHook][];
  return Object.freeze(Object.fromEntries(entries.map(([name, hook]) => [name, wrap(hook)]))) as Tappable<H>;
}
