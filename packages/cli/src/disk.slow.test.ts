import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchGuest } from '@qvm/guests';
import { GuestSession } from './guest-session.test.helper.js';

/**
 * Disks with an unmodified Debian kernel, its virtio_blk and ext4, and a host that dies. Needs e2fsprogs (mke2fs,
 * e2fsck).
 */

const LIMIT_MS = 10 * 60_000;
const DISK_BYTES = 64 << 20;
const MOUNT = 'mod ext4; mkdir -p /mnt; mount -t ext4 /dev/vda /mnt';
const FILES = Array.from({ length: 12 }, (_, index) => index + 1).join(' ');

let guest = '';
let folder = '';
let disk = '';

beforeAll(async () => {
  guest = (await fetchGuest('debian-arm64')).directory;
}, LIMIT_MS);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-disk-'));
  disk = join(folder, 'disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, DISK_BYTES);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', disk], { env: withSystemTools() });
});
afterEach(() => rmSync(folder, { recursive: true }));

function withSystemTools(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}

/** A configuration with one disk. */
function configured(options: string, cmdline = 'console=ttyAMA0 quiet'): string {
  const path = join(folder, 'vm.qvmconf');
  const vm = {
    name: 'disk',
    image: join(guest, 'Image'),
    initrd: join(guest, 'initramfs-full.cpio.gz'),
    cmdline,
    ram: [{ size: '512M' }],
    vdev: [{ type: 'virtio-blk', config: `file=disk.img,${options}` }],
  };
  writeFileSync(path, JSON.stringify(vm));
  return path;
}

/** Writes files, makes them durable, and dies while writing more. Returns the files' checksums. */
async function writeAndDie(config: string): Promise<readonly string[]> {
  const session = new GuestSession(config);
  session.type(MOUNT);
  session.type(`for i in ${FILES}; do dd if=/dev/urandom of=/mnt/f$i bs=37k count=$i 2>/dev/null; done; sync`);
  // The quotes keep the shell's echo of the line from matching its output.
  session.type(`sha256sum /mnt/f*; echo SYN''CED; while true; do cp /mnt/f12 /mnt/g; rm /mnt/g; sync; done`);
  await session.until('\nSYNCED');
  await delay(1000);
  await session.kill();
  return sumsIn(session);
}

async function readAgain(config: string): Promise<readonly string[]> {
  const session = new GuestSession(config);
  session.type(`${MOUNT}; sha256sum /mnt/f*; umount /mnt; poweroff -f`);
  expect(await session.ended()).toBe(0);
  return sumsIn(session);
}

/** The output of sha256sum, in order of names. */
function sumsIn(session: GuestSession): readonly string[] {
  return session.lines.filter((line) => /^[0-9a-f]{64} {2}\/mnt\/f\d+$/.test(line));
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('ext4 on virtio-blk', () => {
  it(
    'has everything that was synced when the host process is killed, and is sound',
    async () => {
      const config = configured('cache=writeback');
      const sums = await writeAndDie(config);
      expect(sums).toHaveLength(12);
      expect(await readAgain(config)).toEqual(sums);
      const check = spawnSync('e2fsck', ['-fn', disk], { env: withSystemTools(), encoding: 'utf8' });
      expect(check).toMatchObject({ status: 0 });
    },
    LIMIT_MS,
  );

  it(
    'has it in an overlay too, whose base stays as it is, and with registers of version 1',
    async () => {
      const before = hashOf(disk);
      const config = configured('overlay=changes.ovl,queues=2,legacy=yes');
      const sums = await writeAndDie(config);
      expect(sums).toHaveLength(12);
      expect(await readAgain(config)).toEqual(sums);
      expect(hashOf(disk)).toBe(before);
    },
    LIMIT_MS,
  );

  it(
    'runs the same each time under icount',
    async () => {
      const steps = ['mod ext4', 'mkdir -p /mnt', 'mount -t ext4 /dev/vda /mnt', 'cp -r /bin /mnt', 'sync'];
      const words = [...steps, 'cat /sys/block/vda/stat', 'cat /proc/uptime', 'poweroff -f'];
      const cmdline = `console=ttyAMA0 qvm.run=${words.join(',').replaceAll(' ', '+')}`;
      const outputs: string[] = [];
      for (const overlay of ['a.ovl', 'b.ovl']) {
        const session = new GuestSession(configured(`overlay=${overlay}`, cmdline), '--icount');
        expect(await session.ended()).toBe(0);
        outputs.push(session.output);
      }
      expect(outputs[0]).toContain('RUN cat /sys/block/vda/stat');
      expect(outputs[1]).toBe(outputs[0]);
    },
    LIMIT_MS,
  );
});
