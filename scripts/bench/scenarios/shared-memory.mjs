import { benchLines, withGuest } from '../guest.mjs';
import { COPY_MIB, COPY_PASSES, passesOf } from '../kernels-aarch64.mjs';

const LIMIT_SECONDS = 120;
/** Small, so that the address at which the kernel expects the window is above RAM. */
const RAM_MIB = 64;
const REGION = { type: 'shmem', config: 'name=bench,size=4M,role=server,paddr=0x46100000' };

/** How fast a guest writes to a region that it shares, beside its own RAM. QEMU's board has nothing like it. */
export function sharedMemory({ kernel, divisor }) {
  const megabytes = passesOf(COPY_PASSES, divisor) * COPY_MIB * 1.048576;
  return async (side, figures) =>
    withGuest(side.command({ kernel, ramMib: RAM_MIB, vdevs: [REGION] }), async (guest) => {
      await guest.end(LIMIT_SECONDS);
      const rows = benchLines(guest.console);
      if (rows.length !== 2) throw new Error(`no figures:\n${guest.console}`);
      for (const [name, seconds] of rows)
        figures.add(side, { group: 'memory', name: `copy to ${name}`, unit: 'MB/s' }, megabytes / seconds);
    });
}
