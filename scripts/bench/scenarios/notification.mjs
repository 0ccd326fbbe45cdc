import { writeFileSync } from 'node:fs';
import { median } from '../figures.mjs';
import { benchLines, withGuest } from '../guest.mjs';

const LIMIT_SECONDS = 120;
const DISK_BYTES = 1 << 20;

/**
 * From a driver's kick to the interrupt that answers it, on a vCPU that waits: bare metal, one request at a time. The entropy
 * device has nothing to wait for; the disk's sector is in the host's page cache.
 */
export function notificationLatency({ kernel, disk }) {
  const tests = [
    { name: 'virtio-entropy, 64 bytes', device: { entropy: true } },
    { name: 'virtio-blk, read, 512 bytes', device: { disk } },
  ];
  return async (side, figures) => {
    writeFileSync(disk, Buffer.alloc(DISK_BYTES, 0xa5));
    for (const { name, device } of tests) {
      await withGuest(side.command({ kernel, ...device }), async (guest) => {
        await guest.end(LIMIT_SECONDS);
        const samples = benchLines(guest.console).flatMap(([row, seconds]) => (row === 'sample' ? [seconds] : []));
        if (samples.length === 0) throw new Error(`no figures:\n${guest.console}`);
        figures.add(side, { group: 'notification', name, unit: 'µs' }, median(samples) * 1e6);
      });
    }
  };
}
