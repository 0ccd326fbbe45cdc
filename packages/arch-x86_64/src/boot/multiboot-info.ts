import { MemoryType } from './memory-map.js';
import { Record, textBytes } from './record.js';
import type { GuestFacts } from './start-info.js';

const LOADER_NAME = 'qvm';
const KIB = 1024;
const MIB = 1024 * KIB;
/** EAX at the entry: Multiboot 0.6.96 section 3.2, Multiboot2 2.0 section 3.3. */
export const MULTIBOOT1_MAGIC = 0x2bad_b002;
/** The same for the second version. */
export const MULTIBOOT2_MAGIC = 0x36d7_6289;

/** Flags of the information: memory sizes, command line, modules, memory map, loader's name. */
const Flag = { memory: 1 << 0, commandLine: 1 << 2, modules: 1 << 3, map: 1 << 6, loader: 1 << 9 } as const;
const INFO_BYTES = 88;
const MODULE_BYTES = 16;
const MAP_BYTES = 24;

/** KiB of free memory from 0 on and from 1 MiB on. */
function memorySizes(memory: GuestFacts['memory']): readonly [lower: number, upper: number] {
  const sizeFrom = (address: number): number => {
    const range = memory.find(
      ({ base, size, type }) => type === MemoryType.Usable && base <= address && address < base + size,
    );
    return range === undefined ? 0 : Math.floor((range.base + range.size - address) / KIB);
  };
  return [Math.min(640, sizeFrom(0)), Math.min(0xffff_ffff, sizeFrom(MIB))];
}

/** The information for multiboot 1 (section 3.3), for an address in guest memory. */
export function multiboot1Info({ commandLine, initrd, memory }: GuestFacts, address: number): Uint8Array {
  const [text, loader] = [textBytes(commandLine), textBytes(LOADER_NAME)];
  const modules = INFO_BYTES;
  const map = modules + (initrd ? MODULE_BYTES : 0);
  const line = map + memory.length * MAP_BYTES;
  const name = line + text.length;
  const [lower, upper] = memorySizes(memory);
  const record = new Record(name + loader.length)
    .u32(0, Flag.memory | Flag.commandLine | (initrd ? Flag.modules : 0) | Flag.map | Flag.loader)
    .u32(4, lower)
    .u32(8, upper)
    .u32(16, address + line)
    .u32(20, initrd ? 1 : 0)
    .u32(24, initrd ? address + modules : 0)
    .u32(44, memory.length * MAP_BYTES)
    .u32(48, address + map)
    .u32(64, address + name)
    .set(line, text)
    .set(name, loader);
  if (initrd) record.u32(modules, initrd.base).u32(modules + 4, initrd.base + initrd.size);
  memory.forEach(({ base, size, type }, index) => {
    const at = map + index * MAP_BYTES;
    record
      .u32(at, MAP_BYTES - 4)
      .u64(at + 4, base)
      .u64(at + 12, size)
      .u32(at + 20, type);
  });
  return record.bytes;
}

/** Types of tags (section 3.6). */
const Tag = { end: 0, commandLine: 1, loader: 2, module: 3, memory: 4, map: 6, oldRsdp: 14, newRsdp: 15 } as const;
const OLD_RSDP_BYTES = 20;

/** The information for multiboot 2 (section 3.4). */
export function multiboot2Info({ commandLine, initrd, memory, rsdp }: GuestFacts): Uint8Array {
  const [lower, upper] = memorySizes(memory);
  const map = new Record(8 + memory.length * MAP_BYTES).u32(0, MAP_BYTES);
  memory.forEach(({ base, size, type }, index) => {
    const at = 8 + index * MAP_BYTES;
    map
      .u64(at, base)
      .u64(at + 8, size)
      .u32(at + 16, type);
  });
  const module = initrd && new Record(9).u32(0, initrd.base).u32(4, initrd.base + initrd.size);
  const tags = [
    tag(Tag.commandLine, textBytes(commandLine)),
    tag(Tag.loader, textBytes(LOADER_NAME)),
    ...(module ? [tag(Tag.module, module.bytes)] : []),
    tag(Tag.memory, new Record(8).u32(0, lower).u32(4, upper).bytes),
    tag(Tag.map, map.bytes),
    tag(Tag.oldRsdp, rsdp.bytes.subarray(0, OLD_RSDP_BYTES)),
    tag(Tag.newRsdp, rsdp.bytes),
    tag(Tag.end, new Uint8Array(0)),
  ];
  const size = tags.reduce((sum, { length }) => sum + length, 8);
  const record = new Record(size).u32(0, size);
  let at = 8;
  for (const bytes of tags) {
    record.set(at, bytes);
    at += bytes.length;
  }
  return record.bytes;
}

/** A tag, filled up to a multiple of 8 bytes. */
function tag(type: number, content: Uint8Array): Uint8Array {
  const size = 8 + content.length;
  return new Record(Math.ceil(size / 8) * 8).u32(0, type).u32(4, size).set(8, content).bytes;
}
