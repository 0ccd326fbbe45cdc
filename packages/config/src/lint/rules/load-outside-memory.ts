import { hexadecimal } from '@qvm/core';
import { sourceOf } from '../../location.js';
import type { LintRule } from '../lint-rule.js';
import { memoryOf } from '../regions.js';

/** `lint.load-outside-memory` @experimental */
export const loadOutsideMemory: LintRule = {
  code: 'lint.load-outside-memory',
  severity: 'error',
  summary: 'A file is to be loaded where the VM has neither RAM nor ROM, or not enough of it.',
  description: 'The VM is not started. Give it memory there, or load the file to another address.',
  bad: { texts: ['ram 0x40000000,256M data load 0x60000000,table.bin'] },
  good: { texts: ['ram 0x40000000,256M data load 0x48000000,table.bin'] },
  check: ({ vms }, facts, report) => {
    for (const vm of vms) {
      const memory = memoryOf(vm, facts);
      // If the board chooses an address and the board is not known, nothing can be checked.
      if (memory.length < (vm.spec.ram ?? []).length + (vm.spec.rom ?? []).length) continue;
      for (const { address, file, source } of vm.spec.load ?? []) {
        const bytes = facts.fileSize?.(file) ?? 1;
        if (memory.some(({ base, end }) => address >= base && address + bytes <= end)) continue;
        const message = `there is no memory for the file at ${hexadecimal(address)}`;
        report(
          sourceOf(source, 'address'),
          message,
          memory.map(({ base, end, what }) => `${what} is ${hexadecimal(base)}-${hexadecimal(end - 1)}`).join(', '),
        );
      }
    }
  },
};
