import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDeviceTree } from '@qvm/core/architecture';
import { type DeviceTreeNode } from '@qvm/core/vdev';
import { embeddedGuest, fetchGuest, guestPath, safetyGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

/*
 * The configurations and the shell session in the documents of the hypervisor that defined the language
 * (testdata/documents): with other images and disks, and otherwise character by character.
 */

const LIMIT_MS = 10 * 60_000;
const COMMAND_MS = 120_000;
const DISK_BYTES = 1 << 20;
const BIN = fileURLToPath(new URL('../bin/', import.meta.url));
const DOCUMENTS = new URL('../testdata/documents/', import.meta.url);
/** The commands of the session, and the commands of qvm that replace them. */
const COMMANDS = {
  qvm: 'qvm.mjs',
  'qvm-vdev-server': 'qvm-vdev-server.mjs',
  waitfor: 'qvm.mjs waitfor',
  tracelogger: 'tracelogger.mjs',
  traceevent: 'traceevent.mjs',
};

const space = new Workspace();
const socket = join(space.folder, 'control.sock');
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  space.dispose();
});

/** A configuration of the documents, with paths of this machine. */
function document(name: string): string {
  const text = readFileSync(new URL(name, DOCUMENTS), 'utf8')
    .replace('/boot/safety-qnx.ifs', 'safety.bin')
    .replace('/boot/linux-adas-kernel.bin', join(guestPath('debian-arm64'), 'Image'))
    .replace('/boot/linux-adas.dtb', 'linux-adas.dtb')
    .replace(/\/dev\/(sd0t[0-9]+)/, '$1');
  return space.write(name, text);
}

/** Runs a line of the session in a shell that has its commands. */
function shell(line: string): ChildProcess {
  const env = {
    ...process.env,
    PATH: `${space.folder}:${process.env['PATH'] ?? ''}`,
    QVM_SOCKET: socket,
    NO_COLOR: '1',
  };
  const child = spawn('sh', ['-c', line], { cwd: space.folder, env, stdio: 'pipe', detached: true });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

function run(line: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = shell(line);
    const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** The output of a line that must succeed. */
async function output(line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(line);
  if (exitCode !== 0) throw new Error(`${line} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/** Runs a line until its output matches, and then ends it by `signal`. */
async function until(line: string, pattern: RegExp, signal: NodeJS.Signals = 'SIGKILL'): Promise<Outcome> {
  const child = shell(`exec ${line}`);
  let stdout = '';
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${String(pattern)} in ${stdout}${stderr}`)), COMMAND_MS);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (pattern.test(stdout)) settle();
    });
    child.once('close', settle);
  });
  const exitCode = await new Promise<number | null>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.once('close', resolve);
    child.kill(signal);
  });
  expect(stdout).toMatch(pattern);
  return { exitCode, stdout, stderr };
}

/** The device tree that the VM gets without a given one, as a file. */
async function deviceTree(configuration: string): Promise<Uint8Array> {
  const hypervisor = createHypervisor();
  const configText = readFileSync(configuration, 'utf8')
    .replace(/.*"dtb".*\n/, '')
    .replace('role=client', 'role=client,paddr=0x70000000');
  const vm = await hypervisor.createVm({ configText, baseDir: space.folder });
  let tree: DeviceTreeNode | undefined;
  vm.hooks.deviceTree.tap('test', (made) => (tree = made));
  await vm.start();
  await hypervisor.dispose();
  if (tree === undefined) throw new Error('no device tree was made');
  return writeDeviceTree(tree);
}

beforeAll(async () => {
  await fetchGuest('debian-arm64');
  space.write('safety.bin', safetyGuest().image);
  space.write('embedded.bin', embeddedGuest().image);
  for (const disk of ['sd0t79', 'sd0t83']) space.write(disk, new Uint8Array(DISK_BYTES));
  for (const [name, program] of Object.entries(COMMANDS)) {
    chmodSync(space.write(name, `#!/bin/sh\nexec '${process.execPath}' '${BIN}'${program} "$@"\n`), 0o755);
  }
}, LIMIT_MS);

describe('the session', () => {
  let server: ChildProcess;

  beforeAll(async () => {
    document('guest-qnx.qvmconf');
    space.write('linux-adas.dtb', await deviceTree(document('guest-linux.qvmconf')));
    server = shell('exec qvm-vdev-server');
    await output('waitfor /dev/qvm 60');
  }, LIMIT_MS);

  afterAll(() => server.kill('SIGTERM'));

  it('starts the guests', async () => {
    await output('qvm start guest-qnx.qvmconf');
    const initrd = join(guestPath('debian-arm64'), 'initramfs.cpio.gz');
    await output(`qvm start guest-linux.qvmconf --set initrd=${initrd} --cmdline 'console=ttyAMA0 quiet'`);
    await until('qvm console safety-vm', /SAFETY-READY/);
  });

  it('boots the Linux with four CPUs and its gigabyte at 4 GiB', async () => {
    await until('qvm console linux-adas', /GUEST-READY aarch64/);
    space.write('ask', 'grep -c ^processor /proc/cpuinfo; grep "System RAM" /proc/iomem; echo $((1))-ASKED\n');
    const { stdout } = await until('qvm console linux-adas <ask', /1-ASKED/);
    expect(stdout).toMatch(/^4\r?$/m);
    expect(stdout).toMatch(/100000000-13fffffff : System RAM/);
  });

  it('lists, pauses and resumes', async () => {
    expect(await output('qvm list')).toMatch(/safety-vm +running.*\n.*linux-adas +running/);
    await output('qvm pause safety-vm');
    expect(await output('qvm list')).toMatch(/safety-vm +paused/);
    await output('qvm resume safety-vm');
    expect(await output('qvm list')).toMatch(/safety-vm +running/);
  });

  it('shows statistics, interrupts, vdevs and memory', async () => {
    expect(await output('qvm stat safety-vm')).toMatch(/^guest time/);
    const all = await output('qvm stat --all');
    expect(all).toContain('safety-vm');
    expect(all).toContain('linux-adas');
    expect(await output('qvm irqstat safety-vm')).toContain('virtio-net');
    expect(await output('qvm vdevstat safety-vm')).toMatch(/qcar-uart[^]*virtio-net[^]*virtio-blk/);
    // The image begins with a branch, and its header ends with "ARMd", as in Linux' boot protocol.
    const dump = await output('qvm memdump safety-vm 0x80000000 4096');
    expect(dump.trimEnd().split('\n')).toHaveLength(256);
    expect(dump).toContain('ARMd');
  });

  it('traces', async () => {
    const logger = shell('exec tracelogger -f hv_trace.kev');
    const ended = new Promise((resolve) => logger.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await output('tracelogger -X');
    expect(await ended).toBe(0);
    expect(await output('traceevent -v hv_trace.kev | grep qvm | head -100')).toContain('linux-adas');
  });

  it('stops one guest by its power button and destroys the other', async () => {
    await output('qvm stop safety-vm');
    expect((await run('qvm destroy linux-adas')).exitCode).toBe(0);
    const ended = await output('qvm list --all');
    expect(ended).toMatch(/safety-vm +stopped/);
    expect(ended).toMatch(/linux-adas +stopped/);
  });
});

describe('the other configurations', () => {
  const alone = 'qvm start --alone';

  it('a system file and the guest that it schedules', async () => {
    document('system.qvmconf');
    space.write(
      'linux-guest.qvmconf',
      '{ "name": "linux-guest", "image": "embedded.bin", "ram": [{ "size": "64M" }] }',
    );
    const { exitCode, stdout, stderr } = await run(`${alone} system.qvmconf linux-guest.qvmconf`);
    expect(stdout).toContain('EMBEDDED-GUEST-DONE');
    expect(stderr).not.toContain('changes nothing');
    expect(exitCode).toBe(0);
  });

  it('the parts for shared memory between the host and a guest, and a capture of the switch', async () => {
    document('host-shmem.qvmconf');
    document('guest-shmem.qvmconf');
    space.write('hmi.qvmconf', 'system hmi\nram 64M\nload safety.bin\nvdev qcar-uart\nvdev virtio-net peer vswitch0\n');
    const vms = [{ name: 'hmi', config: ['hmi.qvmconf', 'guest-shmem.qvmconf'] }];
    const switches = [{ name: 'vswitch0', capture: 'vswitch0.pcapng' }];
    space.write('pair.qvmconf', JSON.stringify({ host: { config: 'host-shmem.qvmconf' }, vms, switches }));
    const { stdout, exitCode } = await until(`${alone} pair.qvmconf`, /SAFETY-READY/, 'SIGTERM');
    expect(stdout).toContain('shared memory: client 0');
    expect(exitCode).toBe(0);
  });

  it('a device of the host, passed through', async () => {
    document('passthrough.qvmconf');
    const { stdout, exitCode } = await run(`${alone} --set image=embedded.bin passthrough.qvmconf`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('EMBEDDED-GUEST-DONE');
  });
});
