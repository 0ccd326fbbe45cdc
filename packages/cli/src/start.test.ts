import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

describe('qvm start', () => {
  it('connects a piped stdin and stdout with the console', async () => {
    space.writeScript('echo', 'print ready', 'echo', 'print done', 'poweroff');
    const outcome = await space.qvmScript(['start', 'echo.qvmconf'], { input: 'one two\nq' });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'ready\none two\ndone\n', stderr: '' });
  });

  it('goes on when stdin ends', async () => {
    space.writeScript('sleepy', 'print ready', 'sleep');
    const outcome = await space.qvmScript(['start', 'sleepy.qvmconf'], {
      input: '',
      onOutput: (_text, child) => setTimeout(() => child.kill('SIGTERM'), 300),
    });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'ready\n', stderr: '' });
  });

  it('ends as its guest and its signals say', async () => {
    space.writeScript('vdev', 'exit 40');
    space.writeScript('reset', 'reset');
    space.writeScript('spin', 'print ready', 'spin');
    space.writeScript('broken', 'print ready', 'break');
    const onOutput =
      (signal: NodeJS.Signals): ((text: string, child: { kill(name: NodeJS.Signals): boolean }) => void) =>
      (_text, child) =>
        void child.kill(signal);
    const run = (name: string, signal?: NodeJS.Signals): Promise<Outcome> =>
      space.qvmScript(['start', `${name}.qvmconf`], signal === undefined ? {} : { onOutput: onOutput(signal) });
    const outcomes = await Promise.all([
      run('vdev'),
      run('reset'),
      run('spin', 'SIGQUIT'),
      run('spin', 'SIGINT'),
      run('broken'),
    ]);
    expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [40, 'qvm: error: vdev: exit 40\n'],
      [0, ''],
      [3, 'qvm: error: spin: The power was cut\n'],
      [0, ''],
      [7, 'qvm: error: broken: The engine failed: the engine broke\n'],
    ]);
    const debug = await space.qvmScript(['start', 'broken.qvmconf'], { env: { QVM_DEBUG: '1' } });
    expect(debug.stderr).toMatch(/^\s+at /m);
  });

  it('ends without a word when nobody reads its output', async () => {
    space.writeScript('chatty', ...Array.from({ length: 3000 }, () => `print ${'x'.repeat(60)}`), 'spin');
    const outcome = await space.qvmScript(['start', 'chatty.qvmconf'], {
      onOutput: (_text, child) => child.stdout?.destroy(),
    });
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stderr).not.toMatch(/EPIPE|^\s+at /m);
  });

  it('prints its end as JSON', async () => {
    space.writeScript('fine', 'poweroff');
    const fine = await space.qvmScript(['start', 'fine.qvmconf', '--json', '--stats', '--icount']);
    expect(JSON.parse(fine.stderr)).toMatchObject({
      name: 'fine',
      exitCode: 0,
      reason: 'The guest powered off.',
      stats: { instructions: 1, time: 10, vcpus: [{ index: 0, state: 'off' }] },
    });
    const bad = await space.qvmScript(['start', 'none.qvmconf', '--json']);
    expect(JSON.parse(bad.stderr)).toMatchObject({ exitCode: 65, findings: [{ code: 'file.missing' }] });
    const stats = await space.qvmScript(['start', 'fine.qvmconf', '--stats']);
    expect(stats.stderr).toMatch(/^guest time .*\ninstructions {2}1 \(/);
  });

  it('writes traces, the same for the same run', async () => {
    space.writeScript('traced', 'print abc', 'echo', 'print d', 'poweroff');
    const trace = async (name: string): Promise<string> => {
      const args = ['start', 'traced.qvmconf', '--icount', '20', '--trace', name];
      expect((await space.qvmScript(args, { input: 'inputq' })).exitCode).toBe(0);
      return readFileSync(join(space.folder, name), 'utf8');
    };
    const first = await trace('one.txt');
    const lines = first.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '# qvm trace 1',
      '# time(ns) vcpu event cause pc instructions vdev',
      '20 0 exit mmio 0x1 1 pl011-0',
      '20 0 enter mmio 0x1 1 pl011-0',
    ]);
    expect(await trace('two.txt')).toBe(first);
  });

  it('takes changes from the command line', async () => {
    space.writeScript('changed', 'print x', 'poweroff');
    const args = ['--set', 'name=other', '--set', 'ram=2M', '--set', 'cpus=2', '--set', 'pl011.hostdev=file:out.txt'];
    const outcome = await space.qvmScript(['start', 'changed.qvmconf', ...args, '--json', '--stats']);
    expect(JSON.parse(outcome.stderr)).toMatchObject({ name: 'other', exitCode: 0, stats: { vcpus: [{}, {}] } });
    expect(outcome.stdout).toBe('');
    expect(readFileSync(join(space.folder, 'out.txt'), 'utf8')).toBe('x\n');
  });
});

describe.each([[[]], [['--arch', 'x86_64']]])('qvm start --embedded %j', (options) => {
  it('runs the guest that comes with qvm, the same each time', async () => {
    const trace = (name: string): string => readFileSync(join(space.folder, name), 'utf8');
    for (const name of ['one', 'two']) {
      const args = ['start', '--embedded', ...options, '--icount', '--trace', name];
      const outcome = await space.qvm(args, { input: '' });
      expect(outcome.exitCode).toBe(0);
      expect(outcome.stdout).toMatch(/EMBEDDED-GUEST-DONE\s*$/);
    }
    expect(trace('one').length).toBeGreaterThan(1000);
    expect(trace('two')).toBe(trace('one'));
  });
});

describe('qvm', () => {
  it('tells about itself, its vdevs and guests', async () => {
    const run = async (...args: readonly string[]): Promise<string> => {
      const outcome = await space.qvm(args, { env: { QVM_GUESTS: space.folder } });
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
      return outcome.stdout;
    };
    expect(await run('--version')).toMatch(/^@qvm\/cli \d+\.\d+\.\d+\n$/);
    expect(await run('--help')).toContain('start [options] [file...]');
    const list = await run('vdev', 'list');
    for (const line of [
      /^pl011 +Arm PrimeCell UART/m,
      /^gic +aarch64 +Arm/m,
      /^ioapic +x86_64 +I/m,
      /^rtc +x86_64 +Real/m,
    ])
      expect(list).toMatch(line);
    expect(await run('vdev', 'help', 'pit')).toContain('Only for x86_64 guests.');
    expect(await run('vdev', 'help', 'ps2')).not.toContain('Only for');
    expect(await run('cpu', 'list')).toMatch(
      /^aarch64\n {2}Models\n {4}generic .*\nx86_64\n {2}Models\n {4}qvm64 .*\(default\)\n/,
    );
    const [x86] = JSON.parse(await run('cpu', 'list', '--arch', 'x86_64', '--json')) as { features: object }[];
    expect(x86?.features).toMatchObject({ sse2: { implemented: true, needs: ['sse'] } });
    expect(JSON.parse(await run('vdev', 'list', '--json'))).toContainEqual(expect.objectContaining({ type: 'pl031' }));
    expect(await run('vdev', 'help', 'qvm-vdev-pl011')).toMatch(/^ {2}hostdev= {2}string .*default stdio/m);
    expect(await run('guest', 'list')).toMatch(/^debian-arm64 .* MB to fetch/m);
    expect(await run('guest', 'path')).toBe(`${space.folder}\n`);
    expect(await run('guest', 'path', 'debian-arm64')).toBe(`${join(space.folder, 'debian-arm64')}\n`);
  });
});
