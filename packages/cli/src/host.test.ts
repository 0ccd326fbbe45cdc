import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

/** The host and its commands as separate processes, as users run them. */

const SERVER = fileURLToPath(new URL('../bin/qvm-vdev-server.mjs', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('../../sdk/dist/script-machine.test.helper.js', import.meta.url));

const space = new Workspace();
const socket = join(space.folder, 'control.sock');
const env = { QVM_SOCKET: socket };
const hosts: ChildProcess[] = [];
afterAll(() => {
  for (const host of hosts) host.kill('SIGKILL');
  space.dispose();
});

function startHost(...args: readonly string[]): { readonly process: ChildProcess; readonly log: () => string } {
  const child = spawn(process.execPath, [SERVER, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
  hosts.push(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  return { process: child, log: () => log };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode === null && child.signalCode === null) child.once('exit', resolve);
    else resolve(child.exitCode);
  });
}

function qvm(...args: readonly string[]): Promise<Outcome> {
  return space.qvm(args, { env });
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr, exitCode } = await qvm(...args, '--json');
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const start = (name: string, ...more: readonly string[]): Promise<Outcome> =>
  qvm('start', `${name}.qvmconf`, '--plugin', SCRIPTS, ...more);

describe('the session of a system with several VMs', () => {
  const host = startHost('--log-format', 'json', '--metrics', '127.0.0.1:0');

  it('waits for the host', async () => {
    expect(await qvm('waitfor', '/dev/qvm', '100')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await qvm('waitfor', join(space.folder, 'nothing'), '0.1')).exitCode).toBe(1);
  });

  it('starts VMs and returns', async () => {
    space.writeScript('safety', 'print ready', 'echo', 'poweroff');
    space.writeScript('linux', 'print hello', 'sleep');
    expect(await start('safety')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'qvm: safety runs in the host; "qvm console safety" shows its console\n',
    });
    expect((await start('linux')).exitCode).toBe(0);
    const twice = await start('linux');
    expect([twice.exitCode, twice.stderr]).toEqual([64, 'qvm: error: there is a VM "linux" already\n']);
  });

  it('lists them, the host first', async () => {
    expect(await json('list')).toMatchObject([
      { id: 0, name: 'host', state: 'running' },
      { id: 1, name: 'safety', state: 'running', cpus: 1, ram: 0x10_0000 },
      { id: 2, name: 'linux', state: 'running' },
    ]);
    const { stdout } = await qvm('list');
    expect(stdout).toMatch(/^ID {2}NAME .*\n0 {3}host .*\n1 {3}safety {2}running .*\n2 {3}linux .*\n$/);
  });

  it('pauses, resumes, and refuses what the state does not allow', async () => {
    expect((await qvm('pause', 'safety')).exitCode).toBe(0);
    const again = await qvm('pause', 'safety');
    expect([again.exitCode, again.stderr]).toEqual([1, 'qvm: error: The VM safety cannot pause: it is paused\n']);
    expect((await qvm('resume', '1')).exitCode).toBe(0);
  });

  it('shows statistics', async () => {
    expect(await json('stat', '--all')).toMatchObject([{ name: 'safety' }, { name: 'linux', state: 'running' }]);
    expect((await qvm('stat', 'safety')).stdout).toMatch(/^guest time .*\ninstructions /);
    expect((await qvm('stat')).exitCode).toBe(2);
    expect((await qvm('irqstat', 'safety')).stdout).toMatch(/SOURCE.*\n.*pl031-0/);
    expect((await qvm('vdevstat', 'safety')).stdout).toMatch(/^pl031-0 \(pl031\)\n/);
  });

  it('shows statistics again and again until the reader goes away', async () => {
    const bin = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
    const command = `("${process.execPath}" "${bin}" stat safety --watch 1; echo "rc=$?" >&2) | head -2`;
    const shell = spawn('/bin/sh', ['-c', command], { env: { ...process.env, ...env } });
    let errors = '';
    shell.stderr.on('data', (data) => (errors += String(data)));
    expect([await ended(shell), errors]).toEqual([0, 'rc=0\n']);
  });

  it('shows and saves memory', async () => {
    expect(await qvm('memdump', 'safety', '0x40000000', '20')).toEqual({
      exitCode: 0,
      stdout: `40000000  ${Array(2).fill(Array(8).fill('00').join(' ')).join('  ')}  |${'.'.repeat(16)}|\n40000010  00 00 00 00${' '.repeat(39)}|....|\n`,
      stderr: '',
    });
    const outside = await qvm('memdump', 'safety', '0', '16');
    expect(outside).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outside.stderr).toContain('safety has RAM at 0x40000000-0x400fffff ("qvm map" shows everything)');
    expect((await qvm('memdump', 'safety', 'x', '16')).exitCode).toBe(2);
    // The scripted guest has no translation tables.
    const unmapped = await qvm('memdump', 'safety', '0xffff800000000000', '16', '--virtual');
    expect([unmapped.exitCode, unmapped.stderr]).toEqual([1, expect.stringContaining('at 0xffff800000000000')]);
    expect((await qvm('memdump', 'safety', '16', '16', '--virtual')).exitCode).toBe(2);
    expect((await qvm('memdump', 'safety', '0x0', '16', '--virtual', '--vcpu', '1')).stderr).toContain('no vCPU 1');
    await qvm('memdump', 'safety', '0x40000000', '4K', '-o', 'memory.bin');
    expect(readFileSync(join(space.folder, 'memory.bin'))).toEqual(Buffer.alloc(4096));
    expect(await json('dump', 'safety', 'safety.gcore')).toMatchObject({ bytes: 0x10_0000 });
    expect(statSync(join(space.folder, 'safety.gcore')).mode & 0o777).toBe(0o600);
  });

  it('shows what is where, the same before a start', async () => {
    const ranges = (await json('map', 'safety')) as { readonly kind: string; readonly vdev?: object }[];
    expect(ranges).toContainEqual({ base: 0x4000_0000, size: 0x10_0000, kind: 'ram', name: 'ram0' });
    expect(ranges).toContainEqual({
      base: 0x900_0000,
      size: 0x1000,
      kind: 'registers',
      name: 'pl011-0',
      vdev: { name: 'pl011-0', type: 'pl011', interrupts: [{ number: 33 }] },
    });
    expect(ranges).toContainEqual({ base: 0xa00_0000, size: 0x4000, kind: 'empty', name: 'virtio-mmio (empty)' });
    const planned = await space.qvm(['map', 'safety.qvmconf', '--plugin', SCRIPTS, '--json']);
    expect(JSON.parse(planned.stdout)).toEqual(ranges);
    const table = await qvm('map', 'safety');
    expect(table.stdout).toMatch(
      /^FIRST .*\n(.*\n)*0x0009000000 {2}0x0009000fff {2}4K +registers +pl011-0 +pl011 +33\n/,
    );
    const { stdout } = await qvm('vdevstat', 'safety');
    expect(stdout).toMatch(/^pl011-0 \(pl011\)\n +registers +0x9000000-0x9000fff\n +interrupts +33\n/m);
    expect(await space.qvm(['map', 'missing.qvmconf'])).toMatchObject({
      exitCode: 65,
      stderr: expect.stringContaining('there is no file "missing.qvmconf"') as string,
    });
  });

  it('serves metrics', async () => {
    const address = /metrics are at (\S+?)"/.exec(host.log())?.[1] ?? '';
    const text = await (await fetch(address)).text();
    expect(text).toContain('qvm_host_vms 2\n');
    expect(text).toMatch(/^qvm_vm_instructions_total\{vm="safety"\} \d+$/m);
  });

  it('ends a console at the end of its input, when the answers have come', async () => {
    expect(await space.qvm(['console', 'safety'], { env, input: '' })).toEqual({
      exitCode: 0,
      stdout: 'ready\n',
      stderr: '',
    });
  });

  it('connects with a console, what was written before included', async () => {
    const outcome = await space.qvm(['console', 'safety'], { env, input: 'typedq' });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'ready\ntyped', stderr: '' });
    expect(await json('list', '--all')).toMatchObject([
      { name: 'host' },
      { name: 'safety', state: 'stopped', end: { exitCode: 0 } },
      { name: 'linux' },
    ]);
  });

  it('shows the console of a VM that it starts, and ends as it does', async () => {
    space.writeScript('seven', 'print out', 'exit 40');
    const outcome = await start('seven', '--console');
    expect(outcome).toEqual({ exitCode: 40, stdout: 'out\n', stderr: 'qvm: error: seven: exit 40\n' });
  });

  it('passes on what is wrong with a configuration', async () => {
    space.write(
      'bad.qvmconf',
      '{ "name": "bad", "image": "linux.img", "ram": [{ "size": "1M" }],\n  "vdev": [{ "type": "pl01" }] }',
    );
    const outcome = await start('bad');
    expect(outcome.exitCode).toBe(65);
    expect(outcome.stderr).toMatch(/^bad\.qvmconf:2:22: error: .*pl01/);
  });

  it('ends VMs and itself', async () => {
    expect((await qvm('stop', 'linux')).exitCode).toBe(0);
    const late = await qvm('destroy', 'linux');
    expect([late.exitCode, late.stderr]).toEqual([1, 'qvm: error: The VM linux cannot be destroyed: it is stopped\n']);
    expect(await json('host', 'status')).toMatchObject({ vms: 0, socket });
    await start('linux');
    // stdin stays open, so the console stays attached until the VM has ended, and has the VM's exit code.
    const cut = { power: (): void => undefined };
    const watching = space.qvm(['console', 'linux'], { env, onOutput: () => cut.power() });
    cut.power = () => void qvm('destroy', 'linux');
    expect(await watching).toEqual({ exitCode: 3, stdout: 'hello\n', stderr: '' });
    expect((await qvm('host', 'stop')).exitCode).toBe(0);
    expect(await ended(host.process)).toBe(0);
    for (const line of host.log().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
    const gone = await qvm('list');
    expect([gone.exitCode, gone.stderr]).toEqual([
      1,
      `qvm: error: no host answers at ${socket}; "qvm host" starts one\n`,
    ]);
    expect((await start('linux', '--detach')).exitCode).toBe(1);
  });
});

describe('a host', () => {
  it('that was killed does not stop the next one', async () => {
    const first = startHost();
    await qvm('waitfor', '100');
    first.process.kill('SIGKILL');
    await ended(first.process);
    const second = startHost();
    await qvm('waitfor', '100');
    const third = startHost();
    expect(await ended(third.process)).toBe(1);
    expect(third.log()).toBe(`qvm: error: a host is running already, at ${socket}\n`);
    space.writeScript('spinning', 'spin');
    expect((await start('spinning')).exitCode).toBe(0);
    second.process.kill('SIGTERM');
    expect(await ended(second.process)).toBe(0);
    expect(second.log()).toMatch(/spinning is stopped/);
  });
});

describe('several VMs without a host', () => {
  const alone = { env: { QVM_SOCKET: join(space.folder, 'nobody.sock') } };

  it('run side by side, their lines with their names', async () => {
    space.writeScript('one', 'print first', 'print second', 'poweroff');
    space.writeScript('another', 'print third', 'exit 33');
    const { exitCode, stdout, stderr } = await space.qvm(
      ['start', 'one.qvmconf', 'another.qvmconf', '--plugin', SCRIPTS],
      alone,
    );
    expect([exitCode, stderr]).toEqual([33, 'qvm: error: another: exit 33\n']);
    expect(stdout.split('\n').sort()).toEqual(['', 'another | third', 'one     | first', 'one     | second']);
  });

  it('give the terminal to one of them, and name the lines of the others', async () => {
    space.writeScript('quiet', 'print beside it', 'poweroff');
    space.writeScript('shown', 'print shown', 'echo', 'poweroff');
    const files = ['quiet.qvmconf', 'shown.qvmconf'];
    const outcome = await space.qvm(['start', ...files, '--console', 'shown', '--plugin', SCRIPTS], {
      ...alone,
      onOutput: (stdout, { stdin }) => {
        if (/beside it\n/.test(stdout) && /shown\n/.test(stdout) && stdin?.writable === true) stdin.end('yesq');
      },
    });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toContain('quiet | beside it\n');
    expect(outcome.stdout.replace('quiet | beside it\n', '')).toBe('shown\nyes');
  });

  it('come from a system file too, with what its entries change', async () => {
    space.writeScript('member', 'print in the system', 'poweroff');
    space.write(
      'system.qvmconf',
      '{ "host": { "cpulist": "0", "priority": 240 }, "vms": [{ "name": "renamed", "config": "member.qvmconf" }, { "name": "one", "config": "one.qvmconf" }] }',
    );
    const outcome = await space.qvm(['start', 'system.qvmconf', '--plugin', SCRIPTS], alone);
    // Without permission for a high priority, there is a warning.
    expect([outcome.exitCode, outcome.stderr.replace(/^qvm: .*priority 240 .*\n/m, '')]).toEqual([0, '']);
    expect(outcome.stdout.split('\n').sort()).toEqual([
      '',
      'one     | first',
      'one     | second',
      'renamed | in the system',
    ]);
  });

  it('need names of their own', async () => {
    const outcome = await space.qvm(['start', 'one.qvmconf', './one.qvmconf', '--plugin', SCRIPTS], alone);
    expect([outcome.exitCode, outcome.stderr]).toEqual([
      65,
      expect.stringMatching(/^\.\/one\.qvmconf:1:11: error: two VMs have the name "one"; /),
    ]);
  });
});
