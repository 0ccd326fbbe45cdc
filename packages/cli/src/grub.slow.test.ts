import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchGuest } from '@qvm/guests';
import { GuestSession } from './guest-session.test.helper.js';

/*
 * From SeaBIOS by GRUB's boot sector to a kernel in a file system on a disk. Needs Debian's grub-common and grub-pc-bin
 * (grub-mkimage and its modules) and e2fsprogs (mke2fs).
 */

const LIMIT_MS = 15 * 60_000;
const MODULES = '/usr/lib/grub/i386-pc';
const SECTOR = 512;
/** The table of partitions in the boot sector, and the first sector of the only partition. */
const [TABLE, TABLE_END, FIRST] = [0x1be, 0x1fe, 2048];
const LINUX_PARTITION = 0x83;
const ACTIVE = 0x80;

/** GRUB's own configuration: it talks by COM1, and boots what is in the partition. */
const EARLY = `
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
echo "GRUB begins"
set root=(hd0,msdos1)
linux /bzImage console=ttyS0 mitigations=off quiet qvm.mods=none qvm.run=uname+-a,poweroff+-f
initrd /initramfs.cpio.gz
boot
`;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'qvm-grub-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: readonly string[]): void {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  execFileSync(program, args, { env });
}

/** A file system with these files at its root. */
function fileSystem(files: readonly string[]): Uint8Array {
  const [content, path] = [join(folder, 'content'), join(folder, 'partition.img')];
  mkdirSync(content);
  for (const file of files) copyFileSync(file, join(content, file.replace(/^.*\//, '')));
  run('mke2fs', '-q', '-F', '-t', 'ext2', '-d', content, path, '48M');
  return readFileSync(path);
}

/** GRUB's image with all that it needs, for the sectors after the boot sector. */
function grubImage(): Uint8Array {
  const [config, path] = [join(folder, 'early.cfg'), join(folder, 'core.img')];
  writeFileSync(config, EARLY);
  const modules = ['biosdisk', 'part_msdos', 'ext2', 'linux', 'serial', 'terminal', 'echo'];
  run('grub-mkimage', '-d', MODULES, '-O', 'i386-pc', '-o', path, '-p', '/grub', '-c', config, ...modules);
  return readFileSync(path);
}

/** A disk with GRUB's boot sector, its image, and one partition. */
function makeDisk(path: string, partition: Uint8Array): void {
  const disk = new Uint8Array(FIRST * SECTOR + partition.length);
  disk.set(readFileSync(join(MODULES, 'boot.img')).subarray(0, SECTOR));
  disk.fill(0, TABLE, TABLE_END);
  const table = new DataView(disk.buffer, TABLE);
  table.setUint8(0, ACTIVE);
  table.setUint8(4, LINUX_PARTITION);
  table.setUint32(8, FIRST, true);
  table.setUint32(12, partition.length / SECTOR, true);
  disk.set(grubImage(), SECTOR);
  disk.set(partition, FIRST * SECTOR);
  writeFileSync(path, disk);
}

describe('GRUB', () => {
  it(
    'is booted by SeaBIOS from a virtio-blk disk, and boots a Debian kernel',
    async () => {
      const [seabios, linux] = [await fetchGuest('seabios'), await fetchGuest('debian-amd64-cloud')];
      const [disk, config] = [join(folder, 'disk.img'), join(folder, 'vm.qvmconf')];
      makeDisk(disk, fileSystem(['bzImage', 'initramfs.cpio.gz'].map((name) => linux.files[name] ?? '')));
      const image = seabios.files['bios-256k.bin'] ?? '';
      writeFileSync(
        config,
        `system grub arch x86_64 ram 256M load ${image}\nvdev virtio-blk hostdev ${disk} vdev ser8250 hostdev stdio\n`,
      );
      const session = new GuestSession(config);
      await session.until('GRUB begins');
      expect(await session.ended()).toBe(0);
      expect(session.lines).toContainEqual(expect.stringMatching(/^Linux guest \S+-cloud-amd64 .* x86_64 /));
    },
    LIMIT_MS,
  );
});
