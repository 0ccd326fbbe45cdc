import type { AddressRange } from '@qvm/core/architecture';

/** Kinds of memory, as the BIOS function E820h counts them (ACPI 6.5, table 15.3). @experimental */
export enum MemoryType {
  /** RAM that the guest may use. */
  Usable = 1,
  /** Not to be used as RAM. */
  Reserved = 2,
  /** RAM with ACPI tables, usable after they are read. */
  AcpiTables = 3,
}

/** A range of memory as a guest is told. @experimental */
export interface MemoryMapEntry extends AddressRange {
  /** The kind of the range. */
  readonly type: MemoryType;
}

/** Video memory, option ROMs and the BIOS of a PC: never free memory, even where a board has RAM there. */
export const PC_HOLE: AddressRange = { base: 0xa_0000, size: 0x6_0000 };

/**
 * The memory map of a PC: RAM without the hole below 1 MiB and without the ranges that have another type.
 *
 * @param ram - ranges of RAM, disjoint.
 * @param others - ranges of another type, in RAM or outside of it, disjoint.
 * @returns in ascending order, disjoint.
 */
export function memoryMap(ram: readonly AddressRange[], others: readonly MemoryMapEntry[]): readonly MemoryMapEntry[] {
  const holes = [PC_HOLE, ...others];
  const usable = ram.flatMap((range) =>
    holes.reduce<readonly AddressRange[]>((rest, hole) => rest.flatMap((part) => without(part, hole)), [range]),
  );
  const entries = [...usable.map(({ base, size }) => ({ base, size, type: MemoryType.Usable })), ...others];
  return entries.sort((x, y) => x.base - y.base);
}

/** The parts of a range that lie outside another one. */
export function without(range: AddressRange, hole: AddressRange): readonly AddressRange[] {
  const [end, holeEnd] = [range.base + range.size, hole.base + hole.size];
  const parts = [
    { base: range.base, size: Math.min(end, hole.base) - range.base },
    { base: Math.max(range.base, holeEnd), size: end - Math.max(range.base, holeEnd) },
  ];
  if (hole.base >= end || holeEnd <= range.base) return [range];
  return parts.filter(({ size }) => size > 0);
}
