import { execFileSync } from 'node:child_process';
import { QvmError } from '../errors/qvm-error.js';
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
    expect(() => hook.tapAsync('callback', () => undefined)).toThrow(TypeError);
    expect(() => hook.callAsync('x', () => undefined)).toThrow(QvmError);
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

  it('refuse interceptors', () => {
    const hook = createSyncHook<number>('T.watch');
    hook.intercept({});
    expect(() => hook.call(1)).toThrow('The hook T.watch does not support interceptors; tap it.');
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
      const map = createBailHookMap('m'); map.for('k').tap('t', () => 4); seen.push(map.for('k').call(0));
      const series = createSeriesHook('p'); series.tapPromise('t', async () => { seen.push(5); }); await series.promise(0);
      console.log(JSON.stringify({ refused, seen }));`;
    const output = execFileSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
      { encoding: 'utf8', timeout: 20_000 },
    );
    expect(JSON.parse(output)).toEqual({ refused: true, seen: [1, 2, 3, 4, 5] });
  });
});

describe('tappable', () => {
  const hooks = Object.freeze({
    watch: createSyncHook<number>('T.watch'),
    ask: createBailHook<number, string>('T.ask'),
    change: createWaterfallHook<string>('T.change'),
    prepare: createSeriesHook<number>('T.prepare'),
    keyed: createBailHookMap<number, string>('T.keyed'),
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

  it('keeps the sets of two owners apart, and frozen', () => {
    const [one, two] = [createVmHooks('one'), createVmHooks('two')];
    one.stateChanged.tap('t', () => undefined);
    expect([hasTaps(one.stateChanged), hasTaps(two.stateChanged)]).toEqual([true, false]);
    expect([one, createVcpuHooks(0), tappable(one)].every((set) => Object.isFrozen(set))).toBe(true);
    expect(createVcpuHooks(1).trap.for('svc').name).toBe('Vcpu[1].trap.for("svc")');
  });
});
