import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { BOOT_SECONDS, powerOff, PROMPT, withGuest } from '../guest.mjs';
import { programNamed } from '../programs.mjs';

const DISK_BYTES = 256 << 20;
const LIMIT_SECONDS = 300;
const PROGRAM_BLOCKS = 8;
const KIB = 1024;
const MEGABYTE = 1e6;

const TESTS = [
  { name: 'read, sequential, 1 MiB', access: 'r s', count: 2048, bytes: KIB * KIB },
  { name: 'write, sequential, 1 MiB', access: 'w s', count: 1024, bytes: KIB * KIB },
  { name: 'read, random, 4 KiB', access: 'r r', count: 20_000, bytes: 4 * KIB },
  { name: 'write, random, 4 KiB', access: 'w r', count: 20_000, bytes: 4 * KIB },
];

/**
 * A disk under Debian's virtio_blk: one request at a time, past the guest's page cache. The host's has the whole disk. The
 * program that asks comes on the disk itself.
 */
export function blockRequests({ linux, commandLine, disk, divisor }) {
  return async (side, figures) => {
    writeDisk(disk);
    await withGuest(side.command({ ...linux, commandLine, disk }), async (guest) => {
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      guest.type(
        `stty -echo; dd if=/dev/vda of=/tmp/io bs=512 count=${PROGRAM_BLOCKS} 2>/dev/null; chmod +x /tmp/io\n`,
      );
      await guest.waitFor(PROMPT, LIMIT_SECONDS);
      for (const { name, access, count, bytes } of TESTS) {
        const requests = Math.max(1, Math.round(count / divisor));
        const seconds = (await run(guest, `/tmp/io ${access} ${requests} ${bytes}`)) / 1e6;
        const add = (unit, value) => figures.add(side, { group: 'block', name: `${name}, ${unit}`, unit }, value);
        add('MB/s', (requests * bytes) / seconds / MEGABYTE);
        if (bytes < KIB * KIB) add('1/s', requests / seconds);
      }
      await powerOff(guest);
      addExits(figures, side, side.statistics?.(guest));
    });
  };
}

/** The disk in the host's page cache, with the program in front. */
function writeDisk(disk) {
  writeFileSync(disk, programNamed('blockio'));
  truncateSync(disk, DISK_BYTES);
  const file = openSync(disk, 'r+');
  const chunk = Buffer.alloc(KIB * KIB, 0xa5);
  for (let at = chunk.length; at < DISK_BYTES; at += chunk.length) writeSync(file, chunk, 0, chunk.length, at);
  closeSync(file);
}

async function run(guest, command) {
  guest.type(`${command} && echo IO-DONE || echo IO-FAILED\n`);
  const text = await guest.waitFor('IO-', LIMIT_SECONDS);
  const microseconds = /(\d+)\r?\n$/.exec(text)?.[1];
  if (microseconds === undefined) throw new Error(`${command} failed: ${text}`);
  await guest.waitFor(PROMPT, LIMIT_SECONDS);
  return Number(microseconds);
}

/** Exits of the whole run, boot included: ours only. */
function addExits(figures, side, statistics) {
  if (statistics === undefined) return;
  const exits = statistics.engine.vcpus.flatMap((vcpu) => Object.values(vcpu.exits)).reduce((sum, n) => sum + n, 0);
  const add = (name, value) => figures.add(side, { group: 'block', name, unit: '1/s' }, value);
  add('guest exits per second of busy time', exits / (statistics.busyTime / 1e9));
  add('interrupts per second of busy time', statistics.interrupts / (statistics.busyTime / 1e9));
}
