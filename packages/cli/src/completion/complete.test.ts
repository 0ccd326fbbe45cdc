import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../program.js';
import { Workspace } from '../run-qvm.test.helper.js';
import { complete } from './complete.js';
import { argumentSource, optionSource } from './sources.js';

const space = new Workspace();
const folder = `${space.folder}/`;
beforeAll(() => {
  for (const name of ['a.qvmconf', 'b.qvmconf', 'disk.img', 't.kev', '.hidden.qvmconf']) space.write(name, '');
  mkdirSync(join(space.folder, 'sub'));
});
afterAll(() => space.dispose());

const program = createProgram(() => undefined);
const words = async (...line: readonly string[]): Promise<readonly string[]> =>
  (await complete(program, line)).map(({ word }) => word.replace(folder, 'F/'));

describe('completion', () => {
  it('knows commands, subcommands and options', async () => {
    expect(await words('st')).toEqual(['start', 'stop', 'stat']);
    expect(await words('guest', '')).toEqual(['fetch', 'list', 'path', 'verify']);
    expect(await words('start', 'x.qvmconf', '--rest')).toEqual(['--restart', '--restart-policy']);
    expect(await words('start', '--restart', '--rest')).toEqual(['--restart-policy']);
    expect(await words('start', '--set', 'cpus=2', '--se')).toEqual(['--set']);
    expect(await words('no-such-command', '-')).toEqual(['--version', '--help']);
    expect(await words('')).not.toContain('complete');
  });

  it('knows the values of options, in a word of their own or with the option', async () => {
    expect(await words('start', '--engine', '')).toEqual(['wasm', 'interp']);
    expect(await words('start', '--engine=w')).toEqual(['--engine=wasm']);
    expect(await words('start', '--engine', 'wasm', '--restart-policy', 'o')).toEqual(['on-failure']);
    expect(await words('trace', 'convert', 't.kev', '-f', '')).toEqual(['text', 'jsonl', 'chrome']);
    expect(await words('lahav', 't.kev', '--from', '')).toEqual([]);
  });

  it('goes on after values and arguments', async () => {
    expect(await words('start', '--engine', 'wasm', `${folder}a`)).toEqual(['F/a.qvmconf']);
    expect(await words('start', `${folder}a.qvmconf`, folder)).toEqual(['F/a.qvmconf', 'F/b.qvmconf', 'F/sub/']);
    expect(await words('start', '--icount', folder)).toEqual(['F/a.qvmconf', 'F/b.qvmconf', 'F/sub/']);
    expect(await words('stat', 'alpha', '--wa')).toEqual(['--watch']);
    expect(await words('memdump', 'alpha', '0x0', '16', '')).toContain('--virtual');
  });

  it('knows paths, by what is wanted', async () => {
    expect(await words('lahav', folder)).toEqual(['F/t.kev', 'F/sub/']);
    expect(await words('start', '--dump', folder)).toEqual(['F/sub/']);
    expect(await words('start', `${folder}d`)).toEqual(['F/disk.img']);
    expect(await words('check', `${folder}.`)).toEqual(['F/.hidden.qvmconf']);
    expect(await words('check', '/no/such/folder/')).toEqual([]);
  });

  it('knows guests, vdev types and settings', async () => {
    expect(await words('guest', 'fetch', 'deb')).toContain('debian-arm64');
    expect(await words('vdev', 'help', 'virtio-b')).toEqual(['virtio-blk']);
    expect(await words('board', 'help', '')).toEqual(['virt', 'pc']);
    expect(await words('hook', 'list', '--arch', '')).toEqual(['aarch64', 'x86_64']);
    expect(await words('cpu', 'list', '--arch', 'x')).toEqual(['x86_64']);
    expect(await words('start', '--set', 'cpumodel=x86-64-v')).toEqual(
      ['1', '2', '3'].map((level) => `cpumodel=x86-64-v${level}`),
    );
    expect(await words('start', '--set', 'cpumodel=max,-nx,+sse4')).toEqual(
      ['1', '2'].map((version) => `cpumodel=max,-nx,+sse4_${version}`),
    );
    expect(await words('trace', 'print', '--event', 'GUEST_')).toEqual(['GUEST_ENTER', 'GUEST_EXIT']);
    expect(await words('trace', 'print', '--event', 's')).toEqual([
      'sysreg',
      'svc',
      'spAlignment',
      'softwareStep',
      'segment',
      'systemCall',
      'softwareInterrupt',
      'schedule',
    ]);
    expect(await words('start', '--set', 'board=')).toEqual(['board=virt', 'board=pc']);
    expect(await words('start', '--set', 'virtio-blk.readonly=')).toEqual([
      'virtio-blk.readonly=on',
      'virtio-blk.readonly=off',
    ]);
    expect(await words('start', '--set', `virtio-blk.hostdev=${folder}d`)).toEqual(['virtio-blk.hostdev=F/disk.img']);
    expect(await words('start', '--set', 'cp')).toEqual(['cpumodel=', 'cpus=']);
    expect(await words('start', '--set', 'entry=multi')).toEqual(['entry=multiboot1', 'entry=multiboot2']);
    expect(await words('start', '--set', 'virtio-blk.ca')).toEqual(['virtio-blk.cache=']);
    expect(await words('start', '--set', 'virtio-blk.cache=')).toEqual([
      'virtio-blk.cache=writeback',
      'virtio-blk.cache=writethrough',
    ]);
    expect(await words('start', '--set=pl011.hostdev=n')).toEqual(['--set=pl011.hostdev=null']);
    expect(await words('start', '--set', `image=${folder}d`)).toEqual(['image=F/disk.img']);
  });

  it('knows what a network device can be plugged into: of configurations on the line, and TAP devices', async () => {
    const config = { image: 'disk.img', ram: [{ size: '16M' }] };
    const net = (settings: string): object => ({ type: 'virtio-net', config: settings });
    const vms = [
      { ...config, name: 'left', vdev: [net('peer=right/net0,name=net0'), net('peer=office')] },
      { ...config, name: 'right', vdev: [net('name=down')] },
    ];
    const [left, right] = vms.map((vm) => space.write(`${vm.name}.qvmconf`, `${JSON.stringify(vm)}\n`));
    const system = { switches: [{ name: 'lab' }], vms: [{ name: 'left', config: 'left.qvmconf' }] };
    const whole = space.write('system.qvmconf', `${JSON.stringify(system)}\n`);
    const line = ['start', left ?? '', right ?? '', whole, '--set'];
    const found = await words(...line, 'virtio-net.peer=');
    const expected = ['vswitch0', 'lab', 'right/net0', 'left/net0', 'office', 'tap:'].map(
      (peer) => `virtio-net.peer=${peer}`,
    );
    expect([...found.filter((word) => !/=tap:./.test(word))].sort()).toEqual([...expected].sort());
    expect(await words('start', left ?? '', right ?? '', '--console', 'rig')).toEqual(['right']);
    expect(await words(...line, 'virtio-net.peer=le')).toEqual(['virtio-net.peer=left/net0']);
    expect(await words('start', '--set', 'virtio-net.peer=v')).toEqual(['virtio-net.peer=vswitch0']);
    expect(await words('start', 'a.qvmconf', 'no-such.qvmconf', '--set', 'virtio-net.peer=v')).toEqual([
      'virtio-net.peer=vswitch0',
    ]);
  });

  it('knows the VMs of a trace on the line', async () => {
    const { exitCode } = await space.qvm(['start', '--embedded', '--alone', '--trace', 'e.kev'], { input: '' });
    expect(exitCode).toBe(0);
    const trace = join(space.folder, 'e.kev');
    for (const command of [['lahav'], ['trace', 'print'], ['trace', 'convert']])
      expect(await words(...command, trace, '--vm', '')).toEqual(['embedded']);
    space.write('bad.kev', 'no trace');
    expect(await words('lahav', join(space.folder, 'bad.kev'), '--vm', '')).toEqual([]);
    expect(await words('lahav', '--vm', '')).toEqual([]);
  });

  it('knows designators and their paths, also those of ports', async () => {
    expect(await words('start', '--set', 'pl011.hostdev=f')).toEqual(['pl011.hostdev=file:']);
    expect(await words('start', '--set', `pl011.hostdev=file:${folder}d`)).toEqual(['pl011.hostdev=file:F/disk.img']);
    expect(await words('start', '--set', 'virtio-console.port=agent:p')).toEqual(['virtio-console.port=agent:pty']);
    expect(await words('start', '--set', 'virtio-console.port=ag')).toEqual([]);
  });

  it('has no VMs where no host answers', async () => {
    expect(await words('stat', '--socket', join(space.folder, 'none'), 'a')).toEqual([]);
  });

  it('knows every argument and every value of an option that there is', () => {
    const unknown: string[] = [];
    const visit = (command: Command, path: string): void => {
      for (const argument of command.registeredArguments)
        if (argumentSource(path, argument) === undefined) unknown.push(`${path} <${argument.name()}>`);
      for (const option of command.options.filter((one) => one.required || one.optional))
        if (optionSource(path, option) === undefined) unknown.push(`${path} ${option.flags}`);
      for (const child of command.commands) visit(child, path === '' ? child.name() : `${path} ${child.name()}`);
    };
    visit(program, '');
    expect(unknown).toEqual([]);
  });
});
