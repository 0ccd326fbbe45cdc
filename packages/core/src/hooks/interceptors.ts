import { HookTapError } from './hook-tap-error.js';
import type { FullInterceptor, FullTap, TapFunction } from './tapable-hook.js';

type Step = keyof Pick<FullInterceptor, 'call' | 'tap' | 'error' | 'result' | 'done'>;

/** The interceptors of one hook, called like tapable's generated code calls them. */
export class Interceptors {
  constructor(
    private readonly hook: string,
    private readonly list: readonly FullInterceptor[],
  ) {}

  /** Wraps a tap's function so that the interceptors are called before it. */
  beforeTap(tap: FullTap, fn: TapFunction): TapFunction {
    if (!this.list.some((interceptor) => interceptor.tap)) return fn;
    return (event) => {
      this.#tell('tap', tap);
      return fn(event);
    };
  }

  /** Wraps a synchronous call. `valued`: the call always has a result, as a waterfall has. */
  around(run: (event: unknown) => unknown, valued: boolean): (event: unknown) => unknown {
    return (event) => {
      let result: unknown;
      try {
        this.#tell('call', event);
        result = run(event);
      } catch (error) {
        this.#tell('error', error);
        throw error;
      }
      this.#end(result, valued);
      return result;
    };
  }

  /** Wraps an asynchronous call. */
  aroundAsync(run: (event: unknown) => unknown): (event: unknown) => Promise<unknown> {
    return async (event) => {
      try {
        this.#tell('call', event);
        await run(event);
      } catch (error) {
        this.#tell('error', error);
        throw error;
      }
      this.#end(undefined, false);
    };
  }

  #end(result: unknown, valued: boolean): void {
    if (valued || result !== undefined) this.#tell('result', result);
    else this.#tell('done', undefined);
  }

  #tell(step: Step, argument: unknown): void {
    for (const interceptor of this.list) {
      try {
        (interceptor[step] as ((argument: unknown) => void) | undefined)?.call(interceptor, argument);
      } catch (cause) {
        throw new HookTapError(this.hook, interceptor.name ?? 'an interceptor', cause);
      }
    }
  }
}
