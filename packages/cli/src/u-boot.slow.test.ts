import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchGuest } from '@qvm/guests';
import { GuestSession } from './guest-session.test.helper.js';

/* A boot loader that finds its kernel on a disk. Needs e2fsprogs (mke2fs). */

const LIMIT_MS = 10 * 60_000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'qvm-u-boot-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** An ext4 file system with these files at its root. */
function makeDisk(path: string, files: readonly string[]): void {
  const content = join(folder, 'content');
  mkdirSync(content);
  for (const file of files) copyFileSync(file, join(content, file.replace(/^.*\//, '')));
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', content, path, '128M'], { env });
}

describe('U-Boot', () => {
  it(
    'comes to its prompt and boots a kernel from a virtio-blk disk',
    async () => {
      const [uBoot, linux] = [await fetchGuest('u-boot-arm64'), await fetchGuest('debian-arm64')];
      const disk = join(folder, 'boot.img');
      makeDisk(disk, [join(linux.directory, 'Image'), join(linux.directory, 'initramfs.cpio.gz')]);
      const config = join(folder, 'vm.qvmconf');
      const vm = {
        name: 'u-boot',
        image: join(uBoot.directory, 'u-boot.bin'),
        ram: [{ size: '512M' }],
        rom: [{ base: '0x04000000', size: '256K' }],
        vdev: [{ type: 'virtio-blk', config: `file=${disk},readonly` }],
      };
      writeFileSync(config, JSON.stringify(vm));
      const session = new GuestSession(config);
      await session.until('Hit any key');
      session.type('');
      session.type('load virtio 0 ${kernel_addr_r} Image');
      await session.until('bytes read');
      session.type('load virtio 0 ${ramdisk_addr_r} initramfs.cpio.gz');
      session.type('setenv bootargs console=ttyAMA0 quiet qvm.run=uname+-a,poweroff+-f');
      session.type('booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}');
      await session.until('reboot: Power down');
      expect(await session.ended()).toBe(0);
      expect(session.lines).toContainEqual(expect.stringMatching(/^Linux guest \S+ .* aarch64 /));
    },
    LIMIT_MS,
  );
});
