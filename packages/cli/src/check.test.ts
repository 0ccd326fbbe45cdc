import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

const LINES = 'system a\nram 0x40000000,64M\nload vm.img\ncmdline "console=ttyS0"\n';

describe('qvm check of several files', () => {
  it('finds what is wrong between them, and points at it', async () => {
    space.write('a.qvmconf', 'system a\nram 64M\nvdev virtio-blk hostdev a.qvmconf\n');
    space.write('b.qvmconf', 'system a\nram 64M\nvdev virtio-blk hostdev a.qvmconf\n');
    const { exitCode, stderr } = await space.qvm(['check', 'a.qvmconf', 'b.qvmconf']);
    expect(exitCode).toBe(65);
    expect(stderr).toContain(
      'b.qvmconf:1:8: error: there is another VM a; the first one is in a.qvmconf, line 1, column 8\n',
    );
    expect(stderr).toContain('    system a\n           ^\n');
    expect(stderr).toMatch(/^b\.qvmconf:3:25: error: ".*a\.qvmconf" is a disk of a too; /m);
    expect(stderr).toMatch(/^a\.qvmconf:1:1: error: the VM a has no image to boot; /m);
    expect(stderr).not.toContain('lint.missing-image');
  });

  it('makes no overlay of a disk', async () => {
    space.write('disk.img', new Uint8Array(512));
    space.write('vm.img', new Uint8Array(16));
    space.write('o.qvmconf', 'system o\nram 64M\nload vm.img\nvdev virtio-blk hostdev disk.img overlay changes\n');
    expect(await space.qvm(['check', 'o.qvmconf'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(existsSync(join(space.folder, 'changes'))).toBe(false);
  });

  it('prints for GitHub and as SARIF', async () => {
    space.write('c.qvmconf', LINES);
    space.write('vm.img', new Uint8Array(16));
    const github = await space.qvm(['check', 'c.qvmconf', '--format', 'github']);
    expect(github.stdout).toMatch(/^::warning file=c\.qvmconf,line=4,col=9,title=lint\.console-mismatch::/);
    const sarif = await space.qvm(['check', 'c.qvmconf', '--format', 'sarif']);
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'lint.console-mismatch', level: 'warning' }] }],
    });
  });

  it('reads systems', async () => {
    space.write('d.qvmconf', LINES.replace('ttyS0', 'ttyAMA0'));
    space.write('system.qvmconf', '{ "vms": [ { "name": "x", "config": "d.qvmconf", "priority": 5 } ] }');
    expect(await space.qvm(['check', 'system.qvmconf'])).toEqual({
      exitCode: 0,
      stdout: 'system.qvmconf: ok\n',
      stderr: '',
    });
  });
});

describe('qvm convert', () => {
  it('writes the other form, and back', async () => {
    space.write('e.qvmconf', LINES);
    const json = await space.qvm(['convert', 'e.qvmconf', '-o', 'e.json']);
    expect(json).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const line = await space.qvm(['convert', 'e.json']);
    expect(line.stdout).toBe('system a\nram 0x40000000,64M\ncpu\nload vm.img\ncmdline console=ttyS0\n');
  });

  it('refuses systems and what is wrong', async () => {
    space.write('f.qvmconf', '{ "vms": [] }');
    expect(await space.qvm(['convert', 'f.qvmconf', '--to', 'line'])).toMatchObject({ exitCode: 1, stdout: '' });
    space.write('g.qvmconf', 'rma 1M');
    const wrong = await space.qvm(['convert', 'g.qvmconf']);
    expect(wrong).toMatchObject({ exitCode: 65, stdout: '' });
    expect(wrong.stderr).toMatch(/^g\.qvmconf:1:1: error: there is no word "rma"; did you mean "ram"\?/);
  });
});
