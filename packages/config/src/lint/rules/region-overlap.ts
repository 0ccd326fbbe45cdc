import { hexadecimal } from '@qvm/core';
import type { LintRule, Report } from '../lint-rule.js';
import { devicesOf, memoryOf, portsOf, type PlacedRegion } from '../regions.js';
import { placeText } from '../vdevs.js';

/** `lint.region-overlap` @experimental */
export const regionOverlap: LintRule = {
  code: 'lint.region-overlap',
  severity: 'error',
  summary: 'Two of RAM, ROM, registers and shared memory of a VM overlap, or the I/O ports of two vdevs.',
  description: 'Such a VM cannot be built. Move one of the two.',
  bad: { texts: ['ram 0x40000000,256M\nvdev shmem name shm role server size 8M paddr 0x48000000'] },
  good: { texts: ['ram 0x40000000,256M\nvdev shmem name shm role server size 8M paddr 0x70000000'] },
  check: ({ vms }, facts, report) => {
    for (const vm of vms) {
      checkSpace([...memoryOf(vm, facts), ...devicesOf(vm, facts)], report);
      checkSpace(portsOf(vm, facts), report);
    }
  },
};

/** In order of their bases, a region overlaps an earlier one exactly if it begins below the highest end so far. */
function checkSpace(found: readonly PlacedRegion[], report: Report): void {
  const regions = [...found].sort((a, b) => a.base - b.base);
  let highest = regions[0];
  for (const region of regions.slice(1)) {
    if (highest === undefined) return;
    const isMemory = [region, highest].every(({ what }) => /^r[ao]m\[/.test(what));
    // Overlaps of two memory regions are reported by the parser.
    if (region.base < highest.end && !isMemory) {
      const message = `${region.what} (${hexadecimal(region.base)}-${hexadecimal(region.end - 1)}) overlaps ${highest.what}`;
      report(
        region.at,
        message,
        `${highest.what} is in ${placeText(highest.at, region.at)}, up to ${hexadecimal(highest.end)}`,
      );
    }
    if (region.end > highest.end) highest = region;
  }
}
