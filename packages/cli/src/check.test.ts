import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

const LINES = 'system a\nram 0x40000000,64M\nload vm.img\ncmdline "console=ttyS0"\n';

/** The smallest image: a branch to itself. */
const BRANCH_TO_ITSELF = Uint8Array.of(0x00, 0x00, 0x00, 0x14);

/** The header of an arm64 `Image` (Documentation/arch/arm64/booting.rst) whose flags say big-endian. */
function bigEndianImage(): Uint8Array {
  const image = new Uint8Array(4096);
  const view = new DataView(image.buffer);
  view.setBigUint64(16, BigInt(image.length), true);
  view.setBigUint64(24, 1n, true);
  view.setUint32(56, 0x644d_5241, true);
  return image;
}

describe('qvm check', () => {
  it('does not take a text for code', async () => {
    space.write('text.img', 'debian\n');
    space.write('text.qvmconf', 'system a\nram 64M\nload text.img\n');
    const { exitCode, stderr } = await space.qvm(['check', 'text.qvmconf']);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('text.qvmconf:3:6: error: text.img is a text')]);
  });
});

describe('qvm check with settings', () => {
  it('takes an option by any of its names in place of that in the file', async () => {
    space.write('vm.img', BRANCH_TO_ITSELF);
    space.write('uart.qvmconf', 'system a\nram 64M\nload vm.img\nvdev qcar-uart loc 0x1c0d0000 intr gic:40\n');
    const results = await Promise.all(
      ['loc', 'base'].map((name) => space.qvm(['map', 'uart.qvmconf', '--set', `qcar-uart.${name}=0x1c0e0000`])),
    );
    for (const { exitCode, stdout, stderr } of results) {
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/1c0e0000.*qcar-uart/);
      expect(stdout).not.toContain('1c0d0000');
    }
  });
});

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

  it('lists in one run all that is wrong with a file', async () => {
    space.write('vm.img', BRANCH_TO_ITSELF);
    space.write(
      'typos.qvmconf',
      [
        'system brake',
        'ram 64M',
        'ram 0x50000000,64M // more',
        'cpu runmask 7 sched 10x',
        'load vm.img',
        'initrd load absent.cpio',
        'cmdline console=ttyAMA0 root=/dev/vda',
        'vdev virtio-blk hostdev check.test loc 0x1c0d0000 intr gic:40 serial 0123456789012345678901234',
        'vdev virtio-net loc 0x1c0d0000 intr gic:40 mac 00:00:00:00:00:00',
        'vdev pl011 loc 1c090000 hostdev tcp:h:70000',
        'vdev qcar-uart loc 0x9200000 intr gic:41 hostdev tcp:h:70000',
        'user 1000',
      ].join('\n'),
    );
    const { exitCode, stdout } = await space.qvm(['check', 'typos.qvmconf', '--json']);
    expect(exitCode).toBe(65);
    const { findings } = JSON.parse(stdout) as { findings: { line: number; code: string; severity: string }[] };
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '3 config.comment',
      '4 config.bad-setting',
      '6 file.missing',
      '7 config.unknown-word',
      '8 config.bad-option',
      '9 config.bad-option',
      '10 config.bad-option',
      '11 vdev.failed',
      '12 config.unknown-word',
    ]);
  });

  it('loads the image as a start does', async () => {
    space.write('big-endian.img', bigEndianImage());
    space.write('be.qvmconf', 'ram 64M\nload big-endian.img\nvdev pl011 hostdev null');
    const { exitCode, stderr } = await space.qvm(['check', 'be.qvmconf']);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^be\.qvmconf:2:6: error: .*big-endian kernel/);
  });

  it('makes no overlay of a disk', async () => {
    space.write('disk.img', new Uint8Array(512));
    space.write('vm.img', BRANCH_TO_ITSELF);
    space.write('o.qvmconf', 'system o\nram 64M\nload vm.img\nvdev virtio-blk hostdev disk.img overlay changes\n');
    expect(await space.qvm(['check', 'o.qvmconf'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(existsSync(join(space.folder, 'changes'))).toBe(false);
  });

  it('prints for GitHub and as SARIF', async () => {
    space.write('c.qvmconf', LINES);
    space.write('vm.img', BRANCH_TO_ITSELF);
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
