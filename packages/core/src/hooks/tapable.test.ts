import fc from 'fast-check';
import { AsyncSeriesHook, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable';
import { createBailHook, createSeriesHook, createSyncHook, createWaterfallHook } from './hook-factory.js';
import { HookTapError } from './hook-tap-error.js';

/** The common members of both hooks of a pair that this test uses. */
interface AnyHook {
  tap(options: object, fn: (event: number | undefined) => unknown): void;
  tapAsync(options: object, fn: (event: number | undefined, done: (error?: unknown) => void) => void): void;
  tapPromise(options: object, fn: (event: number | undefined) => Promise<void>): void;
  withOptions(options: object): AnyHook;
  intercept(interceptor: object): void;
  call?(event: number | undefined): unknown;
  callAsync(event: number | undefined, done: (...results: unknown[]) => void): void;
  promise(event: number | undefined): Promise<unknown>;
}

const PAIRS = {
  sync: [() => new SyncHook(['event']), () => createSyncHook('T')],
  bail: [() => new SyncBailHook(['event']), () => createBailHook('T')],
  waterfall: [() => new SyncWaterfallHook(['event']), () => createWaterfallHook('T')],
  series: [() => new AsyncSeriesHook(['event']), () => createSeriesHook('T')],
} as const;

type Kind = keyof typeof PAIRS;

const tapStep = fc.record({
  step: fc.constant('tap' as const),
  how: fc.constantFrom('tap', 'tapAsync', 'tapPromise'),
  name: fc.constantFrom('a', 'b', 'c'),
  stage: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
  before: fc.option(fc.constantFrom('a', 'b', ['a', 'c']), { nil: undefined }),
  shared: fc.option(fc.record({ stage: fc.integer({ min: -2, max: 2 }) }), { nil: undefined }),
  answer: fc.constantFrom<unknown>(undefined, undefined, null, 0, 7, 'fail'),
});
const interceptStep = fc.record({
  step: fc.constant('intercept' as const),
  parts: fc.subarray(['call', 'tap', 'result', 'done', 'register'] as const),
});
const callStep = fc.record({
  step: fc.constant('call' as const),
  how: fc.constantFrom('call', 'callAsync', 'promise'),
  event: fc.option(fc.nat(9), { nil: undefined }),
});
type Step = typeof tapStep | typeof interceptStep | typeof callStep extends infer A
  ? A extends fc.Arbitrary<infer T>
    ? T
    : never
  : never;

function addTap(hook: AnyHook, kind: Kind, step: Extract<Step, { step: 'tap' }>, number: number, log: unknown[]): void {
  const target = step.shared === undefined ? hook : hook.withOptions(step.shared);
  const options = {
    name: step.name,
    ...(step.stage !== undefined && { stage: step.stage }),
    ...(step.before !== undefined && { before: step.before }),
  };
  const run = (event: number | undefined): unknown => {
    log.push(`tap ${number} ${event}`);
    if (step.answer === 'fail') throw new Error(`tap ${number} failed`);
    return step.answer;
  };
  if (kind !== 'series' || step.how === 'tap') target.tap(options, run);
  else if (step.how === 'tapPromise') target.tapPromise(options, async (event) => void run(event));
  else {
    target.tapAsync(options, (event, done) => {
      try {
        run(event);
        setImmediate(done);
      } catch (error) {
        done(error);
      }
    });
  }
}

function addInterceptor(hook: AnyHook, parts: readonly string[], number: number, log: unknown[]): void {
  const say =
    (part: string) =>
    (...args: { readonly name?: string }[]): void => {
      if (parts.includes(part)) log.push([`${part} ${number}`, ...args.map((arg) => arg?.name ?? arg)]);
    };
  hook.intercept({
    ...Object.fromEntries(parts.map((part) => [part, say(part)])),
    ...(parts.includes('register') && {
      register: (tap: { readonly name: string; fn(event: number | undefined): unknown }) => {
        say('register')(tap);
        return {
          ...tap,
          fn: (...args: Parameters<typeof tap.fn>) => {
            log.push(`through ${number}`);
            return tap.fn(...args);
          },
        };
      },
    }),
  });
}

async function call(hook: AnyHook, kind: Kind, { how, event }: Extract<Step, { step: 'call' }>): Promise<unknown> {
  if (how === 'call' && kind !== 'series') return hook.call?.(event);
  if (how !== 'callAsync') return hook.promise(event);
  return new Promise((resolve, reject) => {
    hook.callAsync(event, (error, result) => (error ? reject(error as Error) : resolve(result)));
  });
}

/** The calls that a hook makes in a scenario, in order. */
async function play(make: () => unknown, kind: Kind, steps: readonly Step[]): Promise<readonly unknown[]> {
  const hook = make() as AnyHook;
  const log: unknown[] = [];
  for (const [number, step] of steps.entries()) {
    if (step.step === 'tap') addTap(hook, kind, step, number, log);
    else if (step.step === 'intercept') addInterceptor(hook, step.parts, number, log);
    else {
      try {
        log.push({ result: await call(hook, kind, step) });
      } catch (error) {
        log.push({ error: ((error instanceof HookTapError ? error.cause : error) as Error).message });
      }
    }
  }
  return log;
}

describe('hooks do what those of tapable do', () => {
  it.each(Object.keys(PAIRS) as Kind[])('%s', async (kind) => {
    const [theirs, ours] = PAIRS[kind];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(tapStep, interceptStep, callStep), { maxLength: 12 }), async (some) => {
        const steps: Step[] = [...some, { step: 'call', how: 'call', event: 5 }];
        expect(await play(ours, kind, steps)).toEqual(await play(theirs, kind, steps));
      }),
      { numRuns: 300 },
    );
  });
});
