import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AsyncSeriesHook } from 'tapable';
import type { QvmError } from '../errors/qvm-error.js';
import {
  createBailHook,
  createBailHookMap,
  createSeriesHook,
  createSyncHook,
  createWaterfallHook,
} from './hook-factory.js';
import { HookTapError } from './hook-tap-error.js';
import { STAGE_DEFAULT, STAGE_FALLBACK, STAGE_OBSERVE, STAGE_OVERRIDE } from './stages.js';
import { hasTaps, tappable } from './tappable.js';
import { createVcpuHooks } from './vcpu-hooks.js';
import { createVmHooks } from './vm-hooks.js';

const KINDS = { trap: { svc: 'A call.', breakpoint: 'A stop.' }, guestExit: {}, interruptTaken: {} };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MIB = 1 << 20;

const fail = (): never => {
  throw new Error('broken');
};

describe('hooks', () => {
  it('call every observer in order of stages', () => {
    const hook = createSyncHook<string>('T.watch');
    const seen: string[] = [];
    hook.tap({ name: 'fallback', stage: STAGE_FALLBACK }, (event) => void seen.push(`fallback ${event}`));
    hook.tap({ name: 'default', stage: STAGE_DEFAULT }, (event) => void seen.push(`default ${event}`));
    hook.tap('plain', (event) => void seen.push(`plain ${event}`));
    hook.tap({ name: 'override', stage: STAGE_OVERRIDE }, (event) => void seen.push(`override ${event}`));
    hook.tap({ name: 'observe', stage: STAGE_OBSERVE }, (event) => void seen.push(`observe ${event}`));
    hook.call('x');
    expect(seen).toEqual(['observe x', 'override x', 'default x', 'plain x', 'fallback x']);
  });

  it('do not outlive their owner, even in one turn of the event loop', () => {
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 64; n++) {
      const memory = new Uint8Array(MIB);
      const hook = createSyncHook<number>('T.watch');
      hook.tap('reads', (event) => void memory[event]);
      hook.call(1);
    }
    collectGarbage();
    collectGarbage();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
  });

  it('stop at the first answer', () => {
    const hook = createBailHook<number, string>('T.ask');
    expect(hook.call(1)).toBeUndefined();
    hook.tap('none', () => undefined);
    hook.tap('small', (event) => (event < 10 ? 'small' : undefined));
    hook.tap('late', () => 'late');
    expect([hook.call(1), hook.call(10)]).toEqual(['small', 'late']);
  });

  it('pass a value on', () => {
    const hook = createWaterfallHook<string>('T.change');
    expect(hook.call('a')).toBe('a');
    hook.tap('b', (value) => `${value}b`);
    hook.tap('nothing', () => undefined as unknown as string);
    hook.tap('c', (value) => `${value}c`);
    expect(hook.call('a')).toBe('abc');
  });

  it('wait for one tap after the other', async () => {
    const hook = createSeriesHook<string>('T.prepare');
    await hook.promise('x');
    const seen: string[] = [];
    hook.tapPromise('slow', async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.push(`slow ${event}`);
    });
    hook.tap('sync', (event) => void seen.push(`sync ${event}`));
    await hook.promise('x');
    expect(seen).toEqual(['slow x', 'sync x']);
    expect(() => (hook as unknown as { call(event: string): void }).call('x')).toThrow(
      expect.objectContaining({ code: 'hook.call-type' }) as QvmError,
    );
  });

  it('blame the tap that throws', async () => {
    const sync = createSyncHook<number>('T.watch');
    const bail = createBailHook<number, number>('T.ask');
    const waterfall = createWaterfallHook<number>('T.change');
    for (const hook of [sync, bail, waterfall]) {
      hook.tap('good', () => undefined as unknown as number);
      hook.tap('bad', fail);
      const error = { hook: hook.name, tap: 'bad', code: 'hook.tap-failed', cause: expect.any(Error) as Error };
      expect(() => hook.call(1)).toThrow(expect.objectContaining(error) as HookTapError);
    }
    const series = createSeriesHook<number>('T.prepare');
    series.tapPromise('bad', () => Promise.reject(new Error('broken')));
    await expect(series.promise(1)).rejects.toThrow(HookTapError);
  });

  it('take taps between calls', () => {
    const hook = createBailHook<number, number>('T.ask');
    expect(hook.call(1)).toBeUndefined();
    hook.tap('late', (event) => event + 1);
    expect(hook.call(1)).toBe(2);
  });

  it('work where code generation from strings is forbidden', () => {
    const factory = new URL('./hook-factory.js', import.meta.url).href;
    const script = `
      const { createSyncHook, createBailHook, createWaterfallHook, createSeriesHook, createBailHookMap } = await import(${JSON.stringify(factory)});
      let refused = false;
      try { new Function('return 1'); } catch { refused = true; }
      const seen = [];
      const sync = createSyncHook('s'); sync.tap('t', (event) => seen.push(event)); sync.call(1);
      const bail = createBailHook('b'); bail.tap('t', (event) => event + 1); seen.push(bail.call(1));
      const fall = createWaterfallHook('w'); fall.tap('t', (value) => value + 2); seen.push(fall.call(1));
      const map = createBailHookMap('m', ['k']); map.for('k').tap('t', () => 4); seen.push(map.for('k').call(0));
      const series = createSeriesHook('p'); series.tapPromise('t', async () => { seen.push(5); });
      series.tapAsync('t', (event, done) => { seen.push(6); done(); });
      await series.promise(0); await new Promise((resolve) => series.callAsync(0, resolve));
      sync.intercept({ call: () => seen.push(7), tap: () => seen.push(8) }); sync.call(9);
      console.log(JSON.stringify({ refused, seen }));`;
    const output = execFileSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(output)).toEqual({ refused: true, seen: [1, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9] });
  });
});

describe('tappable', () => {
  const hooks = Object.freeze({
    watch: createSyncHook<number>('T.watch'),
    ask: createBailHook<number, string>('T.ask'),
    change: createWaterfallHook<string>('T.change'),
    prepare: createSeriesHook<number>('T.prepare'),
    keyed: createBailHookMap<'k', number, string>('T.keyed', ['k']),
  });

  it('lets plugins tap, not call, and take their taps back', async () => {
    const view = tappable(hooks);
    expect(view.watch).not.toHaveProperty('call');
    expect(view.keyed.for('k')).not.toHaveProperty('call');
    const seen: number[] = [];
    const options = { name: 'p', stage: STAGE_OVERRIDE };
    const taps = [
      view.watch.tap(options, (event) => void seen.push(event)),
      view.ask.tap('p', () => 'answer'),
      view.change.tap('p', (value) => `${value}!`),
      view.prepare.tapPromise('p', (event) => Promise.resolve(void seen.push(event))),
      view.keyed.for('k').tap('p', () => 'key'),
    ];
    const run = async () => {
      hooks.watch.call(1);
      await hooks.prepare.promise(2);
      return [hooks.ask.call(0), hooks.change.call('a'), hooks.keyed.for('k').call(0)];
    };
    expect([await run(), seen]).toEqual([
      ['answer', 'a!', 'key'],
      [1, 2],
    ]);
    for (const tap of taps) tap.dispose();
    expect([await run(), seen]).toEqual([
      [undefined, 'a', undefined],
      [1, 2],
    ]);
    expect(options).toEqual({ name: 'p', stage: STAGE_OVERRIDE });
    expect([hooks.watch, hooks.ask, hooks.change, hooks.prepare].some(hasTaps)).toBe(false);
  });

  it('lets taps take themselves back while they are called', () => {
    const hook = createSyncHook<number>('T.watch');
    const view = tappable({ hook }).hook;
    const seen: string[] = [];
    const taps = ['a', 'b', 'c'].map((name) =>
      view.tap(name, () => {
        seen.push(name);
        if (name === 'a') taps.forEach((tap) => tap.dispose());
      }),
    );
    hook.call(1);
    expect([seen, hasTaps(hook)]).toEqual([['a'], false]);
  });

  it('lets a call that is under way skip what is taken out, though the list has changed since it began', async () => {
    const hook = createSeriesHook<number>('T.prepare');
    const view = tappable({ hook }).hook;
    const seen: string[] = [];
    view.tapPromise('a', async () => {
      seen.push('a');
      view.tap('d', () => void seen.push('d'));
      if (seen.length === 1) await hook.promise(2);
      last.dispose();
    });
    const last = view.tap('c', () => void seen.push('c'));
    await hook.promise(1);
    expect(seen).toEqual(['a', 'a', 'd']);
  });

  it('keeps the sets of two owners apart, and frozen', () => {
    const [one, two] = [createVmHooks('one'), createVmHooks('two')];
    one.stateChanged.tap('t', () => undefined);
    expect([hasTaps(one.stateChanged), hasTaps(two.stateChanged)]).toEqual([true, false]);
    expect([one, createVcpuHooks(0, KINDS), tappable(one)].every((set) => Object.isFrozen(set))).toBe(true);
    expect(createVcpuHooks(1, KINDS).trap.for('svc').name).toBe('Vcpu[1].trap.for("svc")');
  });

  it('gives plugins the rest of tapable', async () => {
    const { watch, prepare, keyed } = tappable(hooks);
    const seen: string[] = [];
    const late = watch.withOptions({ stage: STAGE_FALLBACK });
    const taps = [
      late.tap('late', () => void seen.push('late')),
      late.tap({ name: 'early', stage: STAGE_OBSERVE }, () => void seen.push('early')),
      watch.tap({ name: 'first', before: 'early' }, () => void seen.push('first')),
      prepare.tap('sync', () => void seen.push('sync')),
      prepare.tapAsync(
        'callback',
        (event, done) => void setTimeout(() => done((seen.push(`callback ${event}`), null))),
      ),
    ];
    expect([watch.name, watch.isUsed(), late.isUsed()]).toEqual(['T.watch', true, true]);
    hooks.watch.call(1);
    await hooks.prepare.promise(2);
    expect(seen).toEqual(['first', 'early', 'late', 'sync', 'callback 2']);
    for (const tap of taps) tap.dispose();
    expect([watch.isUsed(), prepare.isUsed(), keyed.name]).toEqual([false, false, 'T.keyed']);
  });

  it('tells of the hooks of a family when they are made, without the way to call them', () => {
    const map = createBailHookMap<'a' | 'b', number, string>('T.map', ['a', 'b']);
    map.for('a');
    const { map: view } = tappable({ map });
    view.intercept({
      factory: (key, hook) => {
        expect(hook).not.toHaveProperty('call');
        hook.tap('every', (event) => `${key} ${event}`);
      },
    });
    expect([map.for('a').call(1), map.for('b').call(2)]).toEqual([undefined, 'b 2']);
  });

  it('refuses keys that there are not, and names the nearest', () => {
    const { trap } = tappable(createVcpuHooks(0, KINDS));
    expect(() => trap.for('brakpoint')).toThrow(
      expect.objectContaining({
        code: 'hook.kind',
        message: 'Vcpu[0].trap has no kind "brakpoint". Did you mean "breakpoint"? There are svc, breakpoint.',
      }) as QvmError,
    );
    const none = createVcpuHooks(0, { ...KINDS, trap: {} });
    expect(() => none.trap.for('svc')).toThrow('There are none.');
  });

  it('takes taps out whatever interceptors make of them', () => {
    const hook = createSyncHook<number>('T.watch');
    const { hook: view } = tappable({ hook });
    const seen: number[] = [];
    const before = view.tap('before', (event) => void seen.push(event));
    hook.intercept({
      register: (tap) => ({ ...tap, fn: (event: number) => void (tap.fn as (event: number) => void)(event * 10) }),
    });
    const after = view.tap('after', (event) => void seen.push(event + 1));
    hook.call(1);
    before.dispose();
    hook.call(2);
    after.dispose();
    hook.call(3);
    expect([seen, hook.taps]).toEqual([[10, 11, 21], []]);
  });

  it('counts interceptors as use', () => {
    const hook = createSyncHook<number>('T.watch');
    const seen: number[] = [];
    expect(hasTaps(hook)).toBe(false);
    hook.intercept({ call: (event) => void seen.push(event) });
    expect(hasTaps(hook)).toBe(true);
    hook.call(1);
    expect(seen).toEqual([1]);
  });

  it('blames interceptors that throw, and refuses those with a context', () => {
    const hook = createSyncHook<number>('T.watch');
    hook.tap('good', () => undefined);
    for (const step of ['call', 'tap', 'done'] as const) {
      const other = createSyncHook<number>('T.watch');
      other.tap('good', () => undefined);
      other.intercept({ name: 'bad', [step]: fail });
      expect(() => other.call(1)).toThrow(expect.objectContaining({ hook: 'T.watch', tap: 'bad' }) as HookTapError);
    }
    expect(() => hook.intercept({ context: true } as object)).toThrow(
      expect.objectContaining({ code: 'hook.interceptor' }) as QvmError,
    );
  });

  it('refuses taps that nobody would await', () => {
    const hook = createSyncHook<number>('T.watch') as unknown as AsyncSeriesHook<[number]>;
    for (const tap of [() => hook.tapAsync('t', () => undefined), () => hook.tapPromise('t', async () => undefined)])
      expect(tap).toThrow(expect.objectContaining({ code: 'hook.call-type' }) as QvmError);
  });
});
