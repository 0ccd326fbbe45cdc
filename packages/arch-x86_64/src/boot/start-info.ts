import type { AddressRange, BootScreen } from '@qvm/core/architecture';
import type { MemoryMapEntry } from './memory-map.js';
import { Record, textBytes } from './record.js';

/** All that a guest is told at its start. */
export interface GuestFacts {
  readonly commandLine: string;
  readonly initrd: AddressRange | undefined;
  readonly memory: readonly MemoryMapEntry[];
  /** Guest-physical address of the ACPI tables' root, and its bytes. */
  readonly rsdp: { readonly address: number; readonly bytes: Uint8Array };
  /** The screen that it finds. */
  readonly screen?: BootScreen | undefined;
}

// Xen, public/arch-x86/hvm/start_info.h.
const MAGIC = 0x336e_c578;
const VERSION = 1;
const INFO_BYTES = 56;
const MODULE_BYTES = 32;
const MEMORY_BYTES = 24;

/**
 * The start information of PVH, for an address in guest memory.
 *
 * @param address - guest-physical address of its first byte, a multiple of 8.
 */
export function pvhStartInfo({ commandLine, initrd, memory, rsdp }: GuestFacts, address: number): Uint8Array {
  const text = textBytes(commandLine);
  const modules = INFO_BYTES;
  const map = modules + (initrd ? MODULE_BYTES : 0);
  const line = map + memory.length * MEMORY_BYTES;
  const record = new Record(line + text.length)
    .u32(0, MAGIC)
    .u32(4, VERSION)
    .u32(12, initrd ? 1 : 0)
    .u64(16, initrd ? address + modules : 0)
    .u64(24, address + line)
    .u64(32, rsdp.address)
    .u64(40, address + map)
    .u32(48, memory.length)
    .set(line, text);
  if (initrd) record.u64(modules, initrd.base).u64(modules + 8, initrd.size);
  memory.forEach(({ base, size, type }, index) => {
    const at = map + index * MEMORY_BYTES;
    record
      .u64(at, base)
      .u64(at + 8, size)
      .u32(at + 16, type);
  });
  return record.bytes;
}
