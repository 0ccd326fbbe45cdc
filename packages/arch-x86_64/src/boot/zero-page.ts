import { ImageError } from '@qvm/core/architecture';
import { Record, textBytes } from './record.js';
import { screenInfo } from './screen-info.js';
import type { SetupHeader } from './setup-header.js';
import type { GuestFacts } from './start-info.js';

// Linux, Documentation/arch/x86/zero-page.rst and boot.rst.
const PAGE = 0x1000;
const Field = {
  rsdp: 0x070,
  initrdHigh: 0x0c0,
  initrdSizeHigh: 0x0c4,
  memoryEntries: 0x1e8,
  setupHeader: 0x1f1,
  bootFlag: 0x1fe,
  magic: 0x202,
  version: 0x206,
  loader: 0x210,
  loadFlags: 0x211,
  initrd: 0x218,
  initrdSize: 0x21c,
  commandLine: 0x228,
  alignment: 0x230,
  memory: 0x2d0,
} as const;
/** A boot loader without a number of its own. */
const OTHER_LOADER = 0xff;
const LOADED_HIGH = 1;
const PROTOCOL = 0x20f;
const MEMORY_LIMIT = 128;
const MEMORY_BYTES = 20;

/**
 * The zero page of Linux (`boot_params`) with the command line after it, for an address in guest memory below 4 GiB.
 *
 * @param setup - the setup header of a bzImage; absent: that of a vmlinux, which has none.
 * @throws `ImageError` `image.too-large` when the memory map has more than 128 ranges.
 */
export function zeroPage(
  { commandLine, initrd, memory, rsdp, screen }: GuestFacts,
  setup: SetupHeader | undefined,
  address: number,
): Uint8Array {
  if (memory.length > MEMORY_LIMIT)
    throw new ImageError('too-large', `The VM's memory map has ${memory.length} ranges; Linux takes ${MEMORY_LIMIT}.`);
  const text = textBytes(commandLine);
  const record = new Record(PAGE + text.length);
  if (setup) record.set(Field.setupHeader, setup.bytes);
  else
    record
      .u16(Field.bootFlag, 0xaa55)
      .u32(Field.magic, 0x5372_6448)
      .u16(Field.version, PROTOCOL)
      .u32(Field.alignment, 0x20_0000);
  record
    .set(0, screenInfo(screen))
    .u64(Field.rsdp, rsdp.address)
    .u8(Field.memoryEntries, memory.length)
    .u8(Field.loader, OTHER_LOADER)
    .u8(Field.loadFlags, LOADED_HIGH)
    .u32(Field.commandLine, address + PAGE)
    .set(PAGE, text);
  if (initrd) {
    record.u32(Field.initrd, initrd.base % 2 ** 32).u32(Field.initrdHigh, Math.floor(initrd.base / 2 ** 32));
    record.u32(Field.initrdSize, initrd.size % 2 ** 32).u32(Field.initrdSizeHigh, Math.floor(initrd.size / 2 ** 32));
  }
  memory.forEach(({ base, size, type }, index) => {
    const at = Field.memory + index * MEMORY_BYTES;
    record
      .u64(at, base)
      .u64(at + 8, size)
      .u32(at + 16, type);
  });
  return record.bytes;
}
