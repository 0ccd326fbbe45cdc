import type { RamSpec, VmOptions } from './vm-options.js';

/**
 * The memory of a machine whose image is firmware: ROM of its size, and the RAM that the board has for it. Where the
 * configuration has memory already, that is used.
 */
export function firmwareMemory({ board, firmwareBytes, ram }: VmOptions): readonly RamSpec[] {
  if (firmwareBytes === undefined || board.firmware === undefined) return [];
  const { end, ram: own } = board.firmware;
  const parts = [
    { kind: 'rom', name: 'firmware', base: end - firmwareBytes, size: firmwareBytes } as const,
    ...own.map((range, index) => ({ kind: 'ram', name: `shadow${index}`, ...range }) as const),
  ];
  return parts.filter((part) => !ram.some((range) => overlaps(part, range)));
}

function overlaps(part: { readonly base: number; readonly size: number }, { base, size }: RamSpec): boolean {
  return base !== undefined && base < part.base + part.size && part.base < base + size;
}
