import { QvmError } from '../errors/qvm-error.js';
import { HookTapError } from './hook-tap-error.js';

/** A tapped function. All hooks of qvm have one argument, an event or a value. */
type TapFunction = (event: unknown) => unknown;

/** What tapable hands to `compile`. */
interface CompileOptions {
  readonly taps: readonly { readonly name: string; readonly fn: TapFunction }[];
  readonly interceptors: readonly unknown[];
  readonly type: 'sync' | 'async' | 'promise';
}

/** The part of a tapable hook that its typings keep to themselves. */
interface CompilableHook {
  name: string | undefined;
  compile(options: CompileOptions): TapFunction;
}

/** The taps of a hook, in order, and a way to blame one. */
interface TapList {
  readonly functions: readonly TapFunction[];
  blame(index: number, cause: unknown): HookTapError;
}

/**
 * Replaces the code generation of one hook by a loop. tapable compiles each hook with `new Function`, which a browser's
 * content security policy or Node's `--disallow-code-generation-from-strings` forbids; its `compile` is a property of
 * each instance and may be replaced. Interceptors are left out, and refused.
 */
export function interpret<H extends object>(
  hook: H,
  type: CompileOptions['type'],
  build: (taps: TapList) => TapFunction,
): H {
  const target = hook as unknown as CompilableHook;
  const name = target.name ?? 'unnamed hook';
  target.compile = (options) => {
    if (options.interceptors.length !== 0) {
      throw new QvmError('hook.interceptor', `The hook ${name} does not support interceptors; tap it.`);
    }
    if (options.type !== type) {
      throw new QvmError('hook.call-type', `The hook ${name} cannot be called in the ${options.type} way.`);
    }
    const tapNames = options.taps.map((tap) => tap.name);
    return build({
      functions: options.taps.map((tap) => tap.fn),
      blame: (index, cause) => new HookTapError(name, tapNames[index] ?? '?', cause),
    });
  };
  return hook;
}

/** Calls every tap. */
export function runAll(taps: TapList): TapFunction {
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
      throw taps.blame(index, cause);
    }
  };
}

/** Calls taps until one answers with something other than `undefined`. */
export function runUntilAnswer(taps: TapList): TapFunction {
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
      throw taps.blame(index, cause);
    }
    return undefined;
  };
}

/** Hands the argument from tap to tap; a tap that returns `undefined` leaves it as it is. */
export function runWaterfall(taps: TapList): TapFunction {
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
      throw taps.blame(index, cause);
    }
    return value;
  };
}

/** Calls taps one after the other, awaiting what they return. */
export function runInSeries(taps: TapList): TapFunction {
  const { functions } = taps;
  return async (event) => {
    let index = 0;
    try {
      for (const tap of functions) {
        await tap(event);
        index++;
      }
    } catch (cause) {
      throw taps.blame(index, cause);
    }
  };
}
