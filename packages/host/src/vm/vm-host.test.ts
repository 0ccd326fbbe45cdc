import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { QvmError } from '@qvm/core';
import { type VmState } from '@qvm/core/host';
import { Workspace, eventually } from '../host.test.helper.js';
import type { VmEnd } from '../worker/messages.js';
import type { HostedVm } from './hosted-vm.js';
import { VmHost } from './vm-host.js';

const space = new Workspace();
const host = new VmHost();
afterAll(async () => {
  await host.shutdown(0);
  space.dispose();
});

async function run(name: string, ...lines: readonly string[]): Promise<VmEnd> {
  const vm = await host.create({ launch: space.launch(name, lines) });
  await vm.start();
  return vm.end;
}

function output(vm: HostedVm): { readonly text: () => string } {
  let text = '';
  vm.console('stdio').attach((bytes) => (text += new TextDecoder().decode(bytes)));
  return { text: () => text };
}

/** Each VM is a thread that loads all of qvm, which takes seconds on a busy machine. */
const LIMIT_MS = 180_000;

describe('a host', () => {
  it('runs VMs side by side, each with its console', async () => {
    const vms = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        host.create({ launch: space.launch(name, [`print I am ${name}`, 'echo', 'poweroff']) }),
      ),
    );
    const outputs = vms.map(output);
    await Promise.all(vms.map((vm) => vm.start()));
    for (const vm of vms) await vm.request('input', { stream: 'stdio', bytes: new TextEncoder().encode(`${vm.id}q`) });
    const ends = await Promise.all(vms.map((vm) => vm.end));
    expect(ends).toEqual(vms.map(() => ({ exitCode: 0, reason: 'The guest powered off.' })));
    expect(outputs.map(({ text }) => text())).toEqual(vms.map((vm) => `I am ${vm.name}\n${vm.id}`));
  });

  it('shows what was written last to a viewer who comes later', async () => {
    const vm = await host.create({ launch: space.launch('late', ['print first', 'echo', 'print second', 'poweroff']) });
    const early = output(vm);
    await vm.start();
    await eventually(() => early.text() === 'first\n');
    const late = output(vm);
    expect(late.text()).toBe('first\n');
    await vm.request('input', { stream: 'stdio', bytes: Uint8Array.of(0x71) });
    await vm.end;
    expect(late.text()).toBe('first\nsecond\n');
  });

  it('ends VMs as their guests and the host say', async () => {
    expect(await run('polite', 'poweroff')).toMatchObject({ exitCode: 0 });
    expect(await run('vdev', 'exit 40')).toEqual({ exitCode: 40, reason: 'exit 40' });
    expect(await run('broken', 'break')).toEqual({
      exitCode: 7,
      reason: 'The engine failed.',
      cause: 'the engine broke',
    });
    expect(host.get('broken').state).toBe('failed');
    const vm = await host.create({ launch: space.launch('cut', ['spin']) });
    await vm.start();
    expect(await vm.destroy()).toEqual({ exitCode: 3, reason: 'The power was cut.' });
  });

  it('refuses what it cannot make, and forgets it', async () => {
    const wrong = space.launch('wrong', ['sleep']);
    const vdevs = [{ type: 'pl01', options: [] }];
    await expect(host.create({ launch: { ...wrong, spec: { ...wrong.spec, vdevs } } })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'config.unknown-vdev',
    });
    expect(() => host.get('wrong')).toThrow(expect.objectContaining({ code: 'host.unknown-vm' }) as Error);
    const first = await host.create({ launch: wrong });
    await expect(host.create({ launch: wrong })).rejects.toMatchObject({ code: 'host.name-taken' });
    await first.destroy();
    const second = await host.create({ launch: wrong });
    expect(host.get(String(second.id))).toBe(second);
    await second.destroy();
  });

  it('says why an image cannot be booted', async () => {
    const launch = space.launch('rubbish', []);
    const vm = await host
      .create({
        launch: { ...launch, spec: { ...launch.spec, image: '/proc/self/exe', ram: [{ size: 0x4000_0000 }] } },
      })
      .catch((error: unknown) => error);
    // The script machine accepts texts only; a file in /proc has no size.
    if (vm instanceof Error) expect(vm).toMatchObject({ findings: [expect.anything()] });
    else await expect((vm as HostedVm).start()).rejects.toMatchObject({ code: 'testing.script' });
  });
});

describe('a VM whose thread is in trouble', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    exits: /ended with code 9/,
    throws: /failed/,
    rejects: /failed/,
    grows: /failed/,
  };

  it.each(Object.keys(reasons))(
    'that %s ends, and no other VM does',
    async (trouble) => {
      const neighbour = await host.create({
        launch: space.launch(`beside-${trouble}`, ['print alive', 'echo', 'poweroff']),
      });
      const shown = output(neighbour);
      await neighbour.start();
      const vm = await host.create({ launch: space.launch(trouble, ['sleep']), watch: { periodMs: 10_000 } });
      const started = vm.start().catch((error: unknown) => error);
      const end = await vm.end;
      expect(end.exitCode).toBe(7);
      expect(end.reason).toMatch(reasons[trouble] ?? /never/);
      expect(vm.state).toBe('failed');
      await started;
      await neighbour.request('input', { stream: 'stdio', bytes: new TextEncoder().encode('still herq') });
      expect(await neighbour.end).toMatchObject({ exitCode: 0 });
      expect(shown.text()).toBe('alive\nstill her');
    },
    LIMIT_MS,
  );

  it(
    'that spins ends when it left too many questions without an answer',
    async () => {
      const mark = space.path('spins-now');
      process.env['QVM_TEST_MARK'] = mark;
      const PATIENCE = 3;
      let look = (): void => undefined;
      const every = (_milliseconds: number, callback: () => void): (() => void) => {
        look = callback;
        return () => (look = () => undefined);
      };
      const vm = await host.create({ launch: space.launch('spins', ['sleep']), watch: { patience: PATIENCE, every } });
      for (let round = 0; round < 3; round++) {
        for (let looks = 0; looks < PATIENCE; looks++) look();
        // The thread answers in the order of the requests.
        await vm.request('ping', undefined);
      }
      const started = vm.start().catch((error: unknown) => error);
      // The file may exist before the thread's messages have been read.
      await eventually(() => existsSync(mark) && vm.state === 'starting');
      for (let looks = 0; looks < PATIENCE; looks++) look();
      expect(vm.state).toBe('starting');
      look();
      expect(await vm.end).toMatchObject({ exitCode: 7, reason: expect.stringContaining('did not answer') as string });
      expect(vm.state).toBe('failed');
      await started;
    },
    LIMIT_MS,
  );
});

describe('a VM whose thread hangs in a call to the system', () => {
  it('ends in time, and gives back what it has when the call returns', async () => {
    const pipe = space.path('pipe');
    execFileSync('mkfifo', [pipe]);
    process.env['QVM_TEST_PIPE'] = pipe;
    const messages: string[] = [];
    const own = new VmHost({ onLog: (_vm, _level, message) => void messages.push(message) });
    const vm = await own.create({
      launch: space.launch('hangs', ['poweroff']),
      watch: { endMs: 300 },
      restart: 'always',
    });
    vm.start().catch(() => undefined);
    await eventually(() => vm.state === 'starting');
    expect(await vm.destroy(200)).toMatchObject({ exitCode: 3 });
    expect([vm.stuck, vm.restarting, messages]).toEqual([true, false, [expect.stringContaining('hangs in a call')]]);
    await own.shutdown(0);
    // Now open(2) returns in the thread.
    closeSync(openSync(pipe, 'w'));
    await eventually(() => !vm.stuck);
  });
});

describe('restarts', () => {
  it('happen after failures when the policy says so, until the VM is stopped', async () => {
    const vm = await host.create({ launch: space.launch('again', ['print run', 'break']), restart: 'on-failure' });
    const shown = output(vm);
    await vm.start();
    await eventually(() => shown.text() === 'run\nrun\n');
    expect(vm.restarts).toBe(1);
    await eventually(() => vm.restarting);
    await vm.stop();
    expect(await vm.end).toMatchObject({ exitCode: 7 });
  });

  it('do not happen after a polite end, nor when the host ends the VM', async () => {
    const off = await host.create({ launch: space.launch('off', ['poweroff']), restart: 'on-failure' });
    await off.start();
    await off.end;
    const cut = await host.create({ launch: space.launch('cut-off', ['spin']), restart: 'always' });
    await cut.start();
    await cut.destroy();
    expect([off.restarts, cut.restarts]).toEqual([0, 0]);
  });
});

describe('the life cycle', () => {
  type Verb = 'start' | 'pause' | 'resume' | 'stop' | 'destroy';
  /** The states of the model; `ended` stands for all states after a stop or a power cut. */
  const MODEL: Readonly<Record<string, Partial<Record<Verb, string>>>> = {
    created: { start: 'running', destroy: 'stopped' },
    running: { pause: 'paused', stop: 'stopped', destroy: 'stopped' },
    paused: { resume: 'running', stop: 'stopped', destroy: 'stopped' },
    stopped: {},
  };
  let count = 0;

  async function apply(vm: HostedVm, verb: Verb): Promise<void> {
    if (verb === 'start') await vm.start();
    else if (verb === 'destroy') await vm.destroy();
    else if (verb === 'stop') {
      await vm.stop();
      await vm.end;
    } else await vm.request(verb, undefined);
  }

  it(
    'is that of the model, whatever the order of commands',
    async () => {
      const verb = fc.constantFrom<Verb>('start', 'pause', 'resume', 'stop', 'destroy', 'start', 'pause', 'resume');
      await fc.assert(
        fc.asyncProperty(fc.array(verb, { maxLength: 10 }), async (verbs) => {
          const vm = await host.create({ launch: space.launch(`model-${count++}`, ['spin']) });
          let state = 'created';
          for (const next of verbs) {
            const expected = MODEL[state]?.[next];
            if (expected !== undefined) {
              await apply(vm, next);
              state = expected;
            } else if (next !== 'destroy') {
              await expect(apply(vm, next)).rejects.toMatchObject({
                code: 'vm.illegal-transition',
                message: expect.stringContaining(`it is ${state}`) as string,
              });
            }
            expect(vm.state).toBe(state as VmState);
          }
          await vm.destroy();
          expect(vm.state).toBe('stopped');
          await expect(vm.request('stats', undefined)).rejects.toBeInstanceOf(QvmError);
        }),
        { numRuns: 6 },
      );
    },
    LIMIT_MS,
  );
});

describe('remains of VMs', () => {
  it(
    'is nothing: no threads, no open files',
    async () => {
      const used = (): { readonly threads: number; readonly files: number } => ({
        threads: readdirSync('/proc/self/task').length,
        files: readdirSync('/proc/self/fd').length,
      });
      await run('warm-up', 'poweroff');
      const before = used();
      for (let round = 0; round < 3; round++) {
        await Promise.all(['a', 'b', 'c'].map((name) => run(`leak-${name}`, 'print x', 'poweroff')));
      }
      await eventually(() => used().threads <= before.threads && used().files <= before.files);
    },
    LIMIT_MS,
  );
});
