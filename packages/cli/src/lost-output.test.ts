import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Workspace } from './run-qvm.test.helper.js';

const QVM = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('../../sdk/dist/script-machine.test.helper.js', import.meta.url));

const space = new Workspace();
afterAll(() => space.dispose());
beforeAll(() => {
  space.writeScript('vm', 'print hello', 'poweroff');
  space.writeScript('other', 'print hello', 'poweroff');
  const vdev = '{ "type": "pl011", "config": "hostdev=file:/dev/full" }';
  space.write('full.qvmconf', `{ "name": "full", "image": "vm.img", "ram": [{ "size": "1M" }], "vdev": [${vdev}] }`);
});

/** Runs a shell command line in which $qvm is the command. */
function shell(
  line: string,
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, QVM_SOCKET: `${space.folder}/no-host.sock`, NO_COLOR: '1' };
  const command = `set -f; qvm="${process.execPath} ${QVM}"; plugin="--plugin ${SCRIPTS}"; ${line}`;
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: space.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (output.stdout += String(data)));
    child.stderr.on('data', (data) => (output.stderr += String(data)));
    child.on('close', (exitCode) => resolve({ exitCode, ...output }));
  });
}

const LOST = 'qvm: error: output is lost: no space is left on the device\n';

describe('output that is lost', () => {
  it.each(['--help', 'vdev list --json', 'check vm.qvmconf $plugin', 'completion bash', 'guest path'])(
    'is told by "qvm %s", with an exit code',
    async (args) => {
      const { exitCode, stderr } = await shell(`$qvm ${args} >/dev/full`);
      expect([exitCode, stderr]).toEqual([1, LOST]);
    },
  );

  it('is told once by commands that print a trace, whatever the output', async () => {
    await shell('$qvm start vm.qvmconf $plugin --trace t.kev');
    const commands = ['lahav t.kev', 'lahav t.kev --format json', 'trace print t.kev', 'trace convert t.kev -f chrome'];
    const outcomes = await Promise.all(commands.map((command) => shell(`$qvm ${command} >/dev/full`)));
    for (const { exitCode, stderr } of outcomes) expect([exitCode, stderr]).toEqual([1, LOST]);
    const files = await Promise.all(commands.map((command) => shell(`$qvm ${command} -o /dev/full`)));
    for (const { exitCode, stderr } of files) {
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^qvm: error: "\/dev\/full" cannot be written: no space is left on the device[^\n]*\n$/);
    }
  });

  it('is told by "start", for the console, a file of the console and a trace', async () => {
    const console = await shell('$qvm start vm.qvmconf $plugin >/dev/full');
    expect([console.exitCode === 0, console.stderr.startsWith(LOST)]).toEqual([false, true]);
    const file = await shell('$qvm start full.qvmconf $plugin');
    expect([file.exitCode, file.stderr]).toEqual([
      1,
      'qvm: error: output to "/dev/full" ends here: no space is left on the device\n',
    ]);
    const trace = await shell('$qvm start vm.qvmconf $plugin --trace /dev/full');
    expect([trace.exitCode, trace.stdout]).toEqual([1, 'hello\n']);
    expect(trace.stderr).toContain('the trace "/dev/full" ends here');
    const together = await shell('$qvm start full.qvmconf other.qvmconf $plugin');
    expect([together.exitCode, together.stderr]).toEqual([
      1,
      expect.stringContaining('output to "/dev/full" ends here'),
    ]);
  });

  it('makes an exit code where even that cannot be told', async () => {
    const outcome = await shell('$qvm start vm.qvmconf $plugin --stats 2>/dev/full');
    expect(outcome).toEqual({ exitCode: 1, stdout: 'hello\n', stderr: '' });
  });

  it('is no matter when its reader has gone', async () => {
    // The reader has ended before the command prints.
    const { exitCode, stderr } = await shell('($qvm vdev list --json; echo "rc=$?" >&2) | true');
    expect([exitCode, stderr]).toEqual([0, 'rc=0\n']);
  });
});

describe('too few open files', () => {
  it('are said in words', async () => {
    const run = (limit: number) => shell(`ulimit -n ${limit}; $qvm start vm.qvmconf $plugin`);
    // With too few descriptors for Node itself, Node reports that; with enough, everything works.
    const outcomes = await Promise.all([22, 24, 26, 28, 30, 32].map(run));
    const told = outcomes.filter(({ exitCode, stderr }) => exitCode !== 0 && stderr.includes('qvm:'));
    expect(told).not.toEqual([]);
    for (const { stderr } of told) {
      expect(stderr).toContain('too many open files');
      expect(stderr).not.toMatch(/EMFILE|internal/);
    }
  });
});
