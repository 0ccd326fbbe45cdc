import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

const folder = (name: string): string => join(space.folder, name);
const content = (name: string): string => readFileSync(folder(name), 'utf8');

beforeAll(() => {
  // A branch to itself, which the loader recognises as raw code.
  space.write('k.img', Uint8Array.of(0x00, 0x00, 0x00, 0x14));
  space.write('d.img', 'd'.repeat(512));
  linkSync(folder('k.img'), folder('hard.img'));
  symlinkSync('k.img', folder('soft.img'));
  symlinkSync('new.txt', folder('dangling'));
  mkdirSync(folder('folder'));
  execFileSync('mkfifo', [folder('pipe')]);
});

/** The text of a configuration with these consoles. */
function text(name: string, consoles: readonly string[]): string {
  const list = consoles.map((config) => `{ "type": "virtio-console", "config": "${config}" }`).join(', ');
  const pl011 = '{ "type": "pl011", "config": "hostdev=null" }';
  return `{ "name": "${name}", "image": "k.img",\n"ram": [{ "size": "1M" }],\n"vdev": [${pl011}, ${list}] }`;
}

/** Runs commands in the workspace, in one process. */
const runs = (...commands: readonly (readonly string[])[]): Promise<Outcome[]> =>
  space.batch(commands.map((args) => ({ folder: '.', args })));

const OUTPUTS: readonly [string, RegExp][] = [
  [
    'k.img',
    /^o0\.qvmconf:3:\d+: error: "k\.img" would be written as .* it is the image of o; the other use is in line 1/,
  ],
  ['hard.img', /it is the image of o, by the name "k\.img"; the other use is in line 1/],
  ['soft.img', /it is the image of o, by the name "k\.img"/],
  ['folder/../k.img', /it is the image of o, by the name "k\.img"/],
  ['o4.qvmconf', /it is the configuration of o; the other use is in line 1, column 1/],
  ['pipe', /"pipe" cannot be written as "hostdev" of virtio-console in o: it is a pipe/],
  ['folder', /it is a folder/],
  ['/dev/zero', /it is a device/],
  ['/proc/self/oom_score_adj', /it is a file of the kernel/],
  ['folder/none/x', /there is no folder "folder\/none"/],
];

describe('an output that must not be written', () => {
  const before = new Map<string, string>();
  const outcomes: Outcome[] = [];

  beforeAll(async () => {
    // The first console's file is valid, but must not be created.
    OUTPUTS.forEach(([path], index) => {
      space.write(`o${index}.qvmconf`, text('o', ['hostdev=file:first.txt', `hostdev=file:${path}`]));
    });
    for (const name of ['k.img', 'o4.qvmconf']) before.set(name, content(name));
    const files = OUTPUTS.map((_, index) => `o${index}.qvmconf`);
    outcomes.push(
      ...(await runs(
        ...files.flatMap((file) => [
          ['check', file],
          ['start', '--alone', file],
        ]),
      )),
    );
  });

  it.each(OUTPUTS.map(([path, message], index) => [path, message, index] as const))(
    '%s is refused by check and by start',
    (_path, message, index) => {
      for (const { exitCode, stderr } of outcomes.slice(2 * index, 2 * index + 2)) {
        expect([exitCode, stderr]).toEqual([65, expect.stringMatching(message)]);
      }
    },
  );

  it('is refused before anything is opened', () => {
    for (const [name, was] of before) expect(content(name)).toBe(was);
    expect(() => content('first.txt')).toThrow('ENOENT');
  });

  it('is one that another output, a port, a capture, or another VM has', async () => {
    const disk = 'vdev virtio-blk hostdev d.img vdev pl011 hostdev null';
    space.write('p.qvmconf', text('p', ['hostdev=file:new.txt,port=a:file:dangling']));
    space.write('q.qvmconf', `system q ram 1M load k.img vdev virtio-net peer s capture d.img ${disk}`);
    space.write('a.qvmconf', text('a', ['hostdev=file:d.img']));
    space.write('b.qvmconf', `system b ram 1M load k.img ${disk}`);
    const [port, capture, checked, started] = await runs(
      ['check', 'p.qvmconf'],
      ['check', 'q.qvmconf'],
      ['check', 'a.qvmconf', 'b.qvmconf'],
      ['start', '--alone', 'a.qvmconf', 'b.qvmconf'],
    );
    expect(port).toMatchObject({
      exitCode: 65,
      stderr: expect.stringMatching(/"dangling" would be written as "port" of/),
    });
    const message = /"d\.img" would be written as "file" of virtio-blk in q, and it is "capture" of virtio-net in q/;
    expect(capture).toMatchObject({ exitCode: 65, stderr: expect.stringMatching(message) });
    for (const outcome of [checked, started]) {
      expect(outcome).toMatchObject({
        exitCode: 65,
        stderr: expect.stringMatching(/d\.img" would be written as .* in a/),
      });
    }
    expect(content('d.img')).toBe('d'.repeat(512));
  });

  it('is one over a plugin, also of several VMs', async () => {
    const plugin = "export const plugin = { name: 'p', apiVersion: 1, provides: [] };\n";
    space.write('plugin.mjs', plugin);
    linkSync(folder('plugin.mjs'), folder('plugin-link'));
    space.write('t.qvmconf', text('t', ['hostdev=null']));
    space.write('u.qvmconf', text('u', ['hostdev=file:plugin-link']));
    const plugged = (...args: readonly string[]): readonly string[] => [...args, '--plugin', './plugin.mjs'];
    const outcomes = await runs(
      plugged('start', '--alone', 't.qvmconf', '--trace', 'plugin.mjs'),
      plugged('start', '--alone', 'u.qvmconf'),
      plugged('check', 'u.qvmconf'),
      plugged('start', '--alone', 't.qvmconf', 'u.qvmconf'),
      plugged('start', '--alone', 't.qvmconf', 't.qvmconf', '--trace', 'plugin-link'),
    );
    for (const { exitCode, stderr } of outcomes) {
      expect([exitCode, stderr]).toEqual([65, expect.stringContaining('it is the plugin ./plugin.mjs')]);
    }
    expect(content('plugin.mjs')).toBe(plugin);
  });

  it('is the trace, or the result of a command, over what is read', async () => {
    const written = text('t', ['hostdev=null']);
    space.write('t.qvmconf', written);
    const start = ['start', '--alone', 't.qvmconf', '--trace'];
    const [image, config, pipe, converted] = await runs(
      [...start, 'hard.img'],
      [...start, 't.qvmconf'],
      [...start, 'pipe'],
      ['convert', 't.qvmconf', '-o', 't.qvmconf'],
    );
    for (const outcome of [image, config])
      expect(outcome).toMatchObject({ exitCode: 65, stderr: expect.stringContaining('would be written as the trace') });
    expect(pipe).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('it is a pipe') });
    expect(converted).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('it is "t.qvmconf", which is read'),
    });
    expect([content('t.qvmconf'), content('k.img')]).toEqual([written, before.get('k.img')]);
  });
});

describe('an input that never ends, or waits', () => {
  const INPUTS: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['check', '/dev/zero'], 65, /it is a device/],
    [['check', 'pipe'], 65, /it is a pipe/],
    [['convert', 'pipe'], 65, /it is a pipe/],
    [['trace', 'print', 'pipe'], 1, /it is a pipe/],
    [['trace', 'convert', '/dev/zero'], 1, /it is a device/],
    [['lahav', 'pipe'], 1, /it is a pipe/],
    [['lahav', 'folder'], 1, /it is a folder/],
  ];

  it('is refused by every command that reads a file', async () => {
    const outcomes = await runs(...INPUTS.map(([args]) => args));
    INPUTS.forEach(([args, exitCode, message], index) => {
      expect([args, outcomes[index]]).toEqual([
        args,
        expect.objectContaining({ exitCode, stdout: '', stderr: expect.stringMatching(message) }),
      ]);
    });
  });
});
