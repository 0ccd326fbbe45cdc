import type { Disposable } from '../disposal/disposable.js';
import { QvmError } from '../errors/qvm-error.js';
import { Interceptors } from './interceptors.js';
import type { TapList, TapRunner } from './tap-runner.js';
import { Hook } from './tapable-hook.js';
import type {
  CompiledCall,
  CompileOptions,
  FullInterceptor,
  FullTap,
  Registration,
  TapFunction,
} from './tapable-hook.js';

/** How a type of hook calls its taps. */
export interface HookType {
  readonly runner: TapRunner;
  /** Whether taps are awaited. */
  readonly awaits?: boolean;
  /** Whether every call has a result. */
  readonly valued?: boolean;
}

/**
 * A hook of tapable that calls its taps in a loop. tapable generates a function for each hook by `new Function`, which
 * a browser's content security policy or Node's `--disallow-code-generation-from-strings` forbids. In tapable,
 * `compile` defines how a type of hook calls its taps; this class overrides it. Order, stages, `before`,
 * `withOptions`, `isUsed`, `intercept` and the interceptors' `register` are tapable's own.
 *
 * Extensions: `tap`, `tapAsync` and `tapPromise` return a {@link Disposable} that removes the tap, and errors name the
 * tap.
 */
export class InterpretedHook extends Hook {
  /** The result of `isUsed` as a field, for callers that check it before each event. */
  used = false;
  readonly #type: HookType;

  constructor(name: string, type: HookType) {
    super(['event'], name);
    this.#type = type;
  }

  override compile({ taps, interceptors, type }: CompileOptions): CompiledCall {
    const run = this.#runner(taps, interceptors);
    if (type === 'async') return withCallback(run);
    if (type === 'promise') return this.#type.awaits === true ? run : promised(run);
    if (this.#type.awaits !== true) return run;
    throw new QvmError(
      'hook.call-type',
      `The hook ${this.name} has taps to await: use promise or callAsync, not call.`,
    );
  }

  override tap(options: string | object, fn: TapFunction): Disposable {
    return this.#register(options, (own) => super.tap(own, fn));
  }

  override tapAsync(options: string | object, fn: TapFunction): Disposable {
    this.#requireAwaiting('tapAsync');
    return this.#register(options, (own) => super.tapAsync(own, fn));
  }

  override tapPromise(options: string | object, fn: TapFunction): Disposable {
    this.#requireAwaiting('tapPromise');
    return this.#register(options, (own) => super.tapPromise(own, fn));
  }

  override intercept(interceptor: FullInterceptor): void {
    if ('context' in interceptor) {
      throw new QvmError('hook.interceptor', `The hook ${this.name} has no context for interceptors.`);
    }
    super.intercept(interceptor);
    this.used = true;
  }

  #runner(taps: readonly FullTap[], list: readonly FullInterceptor[]): (event: unknown) => unknown {
    const { runner, awaits, valued } = this.#type;
    const interceptors = list.length === 0 ? undefined : new Interceptors(this.name, list);
    const run = runner(this.#listOf(taps, interceptors));
    if (interceptors === undefined) return run;
    return awaits === true ? interceptors.aroundAsync(run) : interceptors.around(run, valued === true);
  }

  #listOf(taps: readonly FullTap[], interceptors: Interceptors | undefined): TapList {
    const callable = taps.map((tap) => ({
      name: tap.name,
      call: interceptors?.beforeTap(tap, awaitable(tap)) ?? awaitable(tap),
      registration: tap.registration ?? PERMANENT,
    }));
    return { hook: this.name, taps: callable };
  }

  /**
   * Adds a tap. tapable cannot remove a tap, but it keeps unknown properties of a tap's options, so a property
   * identifies the tap for removal.
   */
  #register(options: string | object, add: (options: object) => void): Disposable {
    const registration: Registration = { removed: false };
    add({ ...(typeof options === 'string' ? { name: options } : options), registration });
    this.used = true;
    return { dispose: () => this.#remove(registration) };
  }

  #remove(registration: Registration): void {
    registration.removed = true;
    this.taps = this.taps.filter((tap) => tap.registration !== registration);
    this.used = this.isUsed();
    this._resetCompilation();
  }

  #requireAwaiting(method: string): void {
    if (this.#type.awaits === true) return;
    throw new QvmError('hook.call-type', `The hook ${this.name} awaits nothing: use tap, not ${method}.`);
  }
}

/** Of a tap that an interceptor has made anew without its registration: it cannot be removed. */
const PERMANENT: Registration = { removed: false };

/** Wraps a tap's function of any kind as one that returns a promise instead of taking a callback. */
function awaitable({ type, fn }: FullTap): TapFunction {
  if (type !== 'async') return fn;
  return (event) =>
    new Promise<void>((resolve, reject) => {
      fn(event, (error) => (error ? reject(error as Error) : resolve()));
    });
}

/** Wraps a call as `callAsync`, with a callback. */
function withCallback(run: (event: unknown) => unknown): CompiledCall {
  return (event, callback) =>
    void promised(run)(event).then(
      (result) => (result === undefined ? callback?.() : callback?.(null, result)),
      (error: unknown) => callback?.(error),
    );
}

function promised(run: (event: unknown) => unknown): (event: unknown) => Promise<unknown> {
  return async (event) => run(event);
}
