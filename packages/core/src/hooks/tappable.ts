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
 * The side of a hook that a plugin sees: it may tap, not call. Disposing the result takes the tap out again.
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
  readonly taps?: { readonly fn: unknown }[];
  /** tapable's way to say that the list of taps changed. */
  _resetCompilation?(): void;
}

/**
 * tapable has no way to remove a tap; its list can be changed, as tapable itself does to insert one. A call that is under
 * way keeps its list, so the tap itself also stops at once.
 */
function revocable<R>(
  hook: AnyHook,
  tap: (event: unknown) => R,
  idle: R,
): { readonly tap: (event: unknown) => R } & Disposable {
  let current: ((event: unknown) => R) | undefined = tap;
  const forward = (event: unknown): R => (current === undefined ? idle : current(event));
  return {
    tap: forward,
    dispose: () => {
      current = undefined;
      const index = hook.taps?.findIndex(({ fn }) => fn === forward) ?? -1;
      if (index >= 0) hook.taps?.splice(index, 1);
      hook._resetCompilation?.();
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
      const handle = revocable(hook, tap, undefined);
      hook.tap?.(ownOptions(options), handle.tap);
      return handle;
    },
    tapPromise: (options: string | TapOptions, tap: (event: unknown) => Promise<unknown>): Disposable => {
      const handle = revocable(hook, tap, Promise.resolve(undefined));
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
