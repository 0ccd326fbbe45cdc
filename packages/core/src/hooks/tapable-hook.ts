import { SyncHook } from 'tapable';

/** A tapped function with all of its parameters: an event or a value, for `tapAsync` also a callback. */
export type TapFunction = (event: unknown, callback?: (error?: unknown) => void) => unknown;

/** A tap as tapable stores it, and as interceptors see it. */
export interface FullTap {
  readonly type: 'sync' | 'async' | 'promise';
  readonly name: string;
  readonly fn: TapFunction;
  readonly stage?: number;
  /** Identity of the tap, added by `InterpretedHook`; kept when an interceptor replaces the rest. */
  readonly registration?: Registration;
}

/** Identity of a tap in all lists that have it. */
export interface Registration {
  removed: boolean;
}

/** An interceptor as tapable stores it. All of its functions are optional. */
export interface FullInterceptor {
  readonly name?: string;
  call?(event: unknown): void;
  tap?(tap: FullTap): void;
  error?(error: unknown): void;
  result?(result: unknown): void;
  done?(): void;
  register?(tap: FullTap): FullTap | undefined;
}

/** Argument of {@link TapableHook.compile}. */
export interface CompileOptions {
  readonly taps: readonly FullTap[];
  readonly interceptors: readonly FullInterceptor[];
  readonly type: 'sync' | 'async' | 'promise';
}

/** A function that calls all taps, returned by {@link TapableHook.compile}. */
export type CompiledCall = (event: unknown, callback?: (error?: unknown, result?: unknown) => void) => unknown;

/** tapable's base class of all hooks. Its typings omit `compile` and `_resetCompilation`. */
export interface TapableHook {
  name: string;
  taps: FullTap[];
  interceptors: FullInterceptor[];
  tap(options: string | object, fn: TapFunction): unknown;
  tapAsync(options: string | object, fn: TapFunction): unknown;
  tapPromise(options: string | object, fn: TapFunction): unknown;
  intercept(interceptor: FullInterceptor): void;
  isUsed(): boolean;
  /** Abstract in tapable: each type of hook defines how its taps are called. */
  compile(options: CompileOptions): CompiledCall;
  /** Discards the result of `compile`, after a change of `taps`. */
  _resetCompilation(): void;
  /** A view of the hook without `call`, `callAsync` and `promise`. */
  withOptions(options: object): object;
}

/**
 * The base class of tapable's hooks. tapable's entry exports only the classes derived from it; loading it by the path
 * of its file would break with the first version that has an `exports` map.
 */
export const Hook = (Object.getPrototypeOf(new SyncHook()) as { constructor: unknown }).constructor as new (
  argumentNames: readonly string[],
  name: string,
) => TapableHook;
