import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { embeddedGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';
import { buildLahavLine, endChunk, fileHeader, lahavTotals, readTrace, TraceRecorder } from '@qvm/trace';
import { Workspace } from '../run-qvm.test.helper.js';

const space = new Workspace();
beforeAll(async () => {
  const { exitCode } = await space.qvm(['start', '--embedded', '--trace', 'e.kev'], { input: '' });
  expect(exitCode).toBe(0);
});
afterAll(() => space.dispose());

const run = async (...args: readonly string[]): Promise<string> => {
  const outcome = await space.qvm(args);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  return outcome.stdout;
};

interface LahavDocument {
  readonly duration: number;
  readonly totals: { readonly guest: number; readonly exits: number; readonly duration: number };
}

describe('qvm trace', () => {
  it('prints a trace, the same under the name traceevent', async () => {
    const text = await run('trace', 'print', 'e.kev');
    expect(text).toMatch(
      /^t:0x[0-9a-f]+ CPU:00 QVM :GUEST_EXIT qvm:embedded vcpu_id:0 status:0 hw_reason:0x93800047 /m,
    );
    expect(await run('traceevent', '-v', 'e.kev')).toBe(text);
  });

  it('takes few bytes for an exit', async () => {
    const exits = (await run('trace', 'print', 'e.kev', '--event', 'GUEST_EXIT')).split('\n').length - 1;
    expect(exits).toBeGreaterThan(1000);
    expect(statSync(join(space.folder, 'e.kev')).size / exits).toBeLessThan(60);
  });

  it('chooses events', async () => {
    const lines = (await run('trace', 'print', 'e.kev', '--event', 'wfi', '--vm', 'embedded', '--since', '1us')).split(
      '\n',
    );
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/GUEST_(ENTER|EXIT) .* cause:wfi/);
    expect(await run('trace', 'print', 'e.kev', '--vm', 'other')).toBe('');
  });

  it('converts to JSON lines and for Perfetto', async () => {
    const lines = (await run('trace', 'convert', 'e.kev')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('VDEV_ACCESS');
    await run('trace', 'convert', 'e.kev', '-f', 'chrome', '-o', 'perfetto.json');
    const { traceEvents } = JSON.parse(readFileSync(join(space.folder, 'perfetto.json'), 'utf8')) as {
      readonly traceEvents: readonly object[];
    };
    expect(traceEvents.length).toBeGreaterThan(1000);
  });

  it('writes what the name of the output stands for, unless another format is asked for', async () => {
    const written = async (name: string, ...args: readonly string[]): Promise<string> => {
      await run(...args, '-o', name);
      return readFileSync(join(space.folder, name), 'utf8');
    };
    expect(await written('t.json', 'trace', 'convert', 'e.kev')).toMatch(/^\{.*"traceEvents"/s);
    expect(await written('t.txt', 'trace', 'convert', 'e.kev')).toMatch(/^t:0x/);
    expect(await written('t.jsonl', 'trace', 'print', 'e.kev')).toMatch(/^\{"/);
    expect(await written('t.dat', 'trace', 'print', 'e.kev')).toMatch(/^t:0x/);
    expect(await written('l.html', 'lahav', 'e.kev')).toMatch(/^<!doctype html>/);
    expect(await written('l.svg', 'lahav', 'e.kev')).toMatch(/^<svg /);
    expect(await written('l.json', 'lahav', 'e.kev')).toMatch(/^\{"version"/);
    expect(await written('l.txt', 'lahav', 'e.kev')).toMatch(/CPU|cpu/);
    expect(await written('m.html', 'lahav', 'e.kev', '--format', 'svg')).toMatch(/^<svg /);
  });

  it('says what cannot be read', async () => {
    space.write('bad.kev', 'no trace');
    expect(await space.qvm(['trace', 'print', 'bad.kev'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^qvm: error: the trace "bad.kev" cannot be read: .*no trace that can be read/),
    });
    const cut = readFileSync(join(space.folder, 'e.kev'));
    space.write('cut.kev', cut.subarray(0, cut.length - 20));
    const { stderr } = await space.qvm(['trace', 'print', 'cut.kev']);
    expect(stderr).toBe('qvm: warning: the trace was cut off\n');
    const { exitCode } = await space.qvm(['trace', 'print', 'e.kev', '--since', 'soon']);
    expect(exitCode).toBe(2);
  });
});

describe('qvm lahav', () => {
  it('draws on a terminal, as SVG, HTML and JSON', async () => {
    expect(await run('lahav', 'e.kev')).toMatch(/^mmio +13\d\d /m);
    expect(await run('lahav', 'e.kev', '--format', 'svg')).toMatch(/^<svg/);
    expect(await run('lahav', 'e.kev', '--format', 'html')).toMatch(/^<!doctype html>/);
    const { totals, duration } = JSON.parse(await run('lahav', 'e.kev', '--format', 'json')) as LahavDocument;
    expect(totals.duration).toBe(duration);
    expect(totals.guest).toBeGreaterThan(0);
  });

  it('cuts out a time', async () => {
    const text = await run('lahav', 'e.kev', '--format', 'json', '--from', '20ms', '--to', '30ms');
    expect((JSON.parse(text) as LahavDocument).duration).toBe(10_000_000);
  });
});

describe('tracelogger', () => {
  it('records VMs of a host until it is told to stop', async () => {
    const env = { QVM_SOCKET: join(space.folder, 'control.sock') };
    const host = space.qvm(['host'], { env });
    const done = { exitCode: 0 };
    try {
      expect(await space.qvm(['waitfor', '100'], { env })).toMatchObject(done);
      expect(await space.qvm(['tracelogger', '-X'], { env })).toMatchObject({ exitCode: 1 });
      const config = { name: 'spin', image: 'spin.img', ram: [{ size: '2M' }] };
      space.write('spin.qvmconf', `${JSON.stringify(config)}\n`);
      // An instruction that branches to itself: B with offset 0.
      space.write('spin.img', new Uint8Array([0, 0, 0, 0x14]));
      expect(await space.qvm(['start', '-d', 'spin.qvmconf'], { env })).toMatchObject(done);
      const logger = space.qvm(['tracelogger', '-f', 'host.kev'], { env });
      await recorded('host.kev');
      expect(await space.qvm(['tracelogger', '-X'], { env })).toMatchObject(done);
      expect(await logger).toMatchObject(done);
      expect(await run('traceevent', '-v', 'host.kev')).toMatch(/CPU:01 QVM :GUEST_EXIT qvm:spin .* cause:budget/);
    } finally {
      await space.qvm(['host', 'stop'], { env });
      await host;
    }
  });
});

/** Waits until there are some dozens of events. */
async function recorded(name: string): Promise<void> {
  const file = join(space.folder, name);
  while (!existsSync(file) || statSync(file).size <= 0x400) await setTimeout(50);
}

describe('the sums of a Lahav Line', () => {
  it('are what the VM counts, to the nanosecond', async () => {
    const hypervisor = createHypervisor();
    const vm = await hypervisor.createVm({
      name: 'embedded',
      image: { name: 'the embedded guest', bytes: embeddedGuest().image },
      ram: [{ size: '64M' }],
    });
    const recorder = new TraceRecorder({ capacity: 0x10_0000 });
    recorder.attach(vm);
    await vm.start();
    await vm.exit;
    const stats = vm.stats();
    const trace = readTrace(Buffer.concat([fileHeader(), ...recorder.drain(), endChunk()]));
    await hypervisor.dispose();
    const totals = lahavTotals(buildLahavLine(trace));
    expect(trace.lost).toBe(0);
    expect(totals.vcpus).toEqual(
      stats.vcpus.map(({ index, guestTime, exits }) => ({
        vm: 'embedded',
        vcpu: index,
        guest: guestTime,
        exits: Object.fromEntries(Object.entries(exits).map(([cause, { count, time }]) => [cause, { count, time }])),
      })),
    );
    expect(totals.idle).toBe(stats.idleTime);
    const scheduling = totals.causes.find(({ cause }) => cause === 'schedule')?.time ?? 0;
    const turns = stats.vcpus.reduce((sum, { turnTime }) => sum + turnTime, 0);
    expect(turns + scheduling).toBe(stats.busyTime);
  });
});
