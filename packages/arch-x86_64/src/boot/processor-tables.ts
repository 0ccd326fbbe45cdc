import { BootSelector } from './initial-state.js';
import { Record } from './record.js';

const PAGE = 0x1000;
const ENTRIES = 512;
/** Pages of the tables: one of level 4, one of level 3, four of level 2. */
const DIRECTORIES = 4;
const LARGE_PAGE = 0x20_0000;
const PRESENT_WRITABLE = 0b11;
const LARGE = 1 << 7;
/** Size of {@link identityTables} in bytes. */
export const IDENTITY_BYTES = (2 + DIRECTORIES) * PAGE;

/** Page tables that map the lower 4 GiB to themselves, by pages of 2 MiB (SDM vol. 3, 4.5). */
export function identityTables(address: number): Uint8Array {
  const record = new Record(IDENTITY_BYTES).u64(0, address + PAGE + PRESENT_WRITABLE);
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    const page = (2 + directory) * PAGE;
    record.u64(PAGE + directory * 8, address + page + PRESENT_WRITABLE);
    for (let entry = 0; entry < ENTRIES; entry++) {
      const target = (directory * ENTRIES + entry) * LARGE_PAGE;
      record.u64(page + entry * 8, target + LARGE + PRESENT_WRITABLE);
    }
  }
  return record.bytes;
}

/** Size of a descriptor table with the boot selectors in bytes. */
export const DESCRIPTORS_BYTES = BootSelector.data + 8;
/** The flat segments of 4 GiB (SDM vol. 3, 3.4.5): present, readable code or writable data, accessed. */
const CODE_32 = [0x0000_ffff, 0x00cf_9b00] as const;
const CODE_64 = [0x0000_ffff, 0x00af_9b00] as const;
const DATA = [0x0000_ffff, 0x00cf_9300] as const;

/** A table of descriptors with flat code and data at the boot selectors. */
export function flatDescriptors(mode: 'protected' | 'long'): Uint8Array {
  const code = mode === 'long' ? CODE_64 : CODE_32;
  return new Record(DESCRIPTORS_BYTES)
    .u32(BootSelector.code, code[0])
    .u32(BootSelector.code + 4, code[1])
    .u32(BootSelector.data, DATA[0])
    .u32(BootSelector.data + 4, DATA[1]).bytes;
}
