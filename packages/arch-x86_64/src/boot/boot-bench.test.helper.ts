import { ElfMachine, GuestPhysicalMap, RamGuestMemory, VmMemory } from '@qvm/core/architecture';
import type { AddressRange, BootRequest } from '@qvm/core/architecture';
import { loadGuest } from './load-guest.js';
import type { InitialState } from './initial-state.js';

const MIB = 2 ** 20;

/** RAM of a PC with 16 MiB. */
export const PC_RAM: readonly AddressRange[] = [
  { base: 0, size: 0xa_0000 },
  { base: MIB, size: 15 * MIB },
];

/** The memory of a VM, without the rest of the VM. Memory is not zero at first. */
export class BootBench {
  readonly map: GuestPhysicalMap;
  readonly memory: VmMemory;
  readonly guest: RamGuestMemory;

  constructor(ram: readonly AddressRange[] = PC_RAM, rom: readonly AddressRange[] = []) {
    const all = [...ram, ...rom];
    this.memory = new VmMemory(all.reduce((sum, { size }) => sum + size + 0x1_0000, 0x2_0000));
    this.map = new GuestPhysicalMap(this.memory);
    ram.forEach(({ base, size }, i) => this.map.addRam('ram', `ram${i}`, base, size));
    rom.forEach(({ base, size }, i) => this.map.addRam('rom', `rom${i}`, base, size));
    this.guest = new RamGuestMemory(this.map, this.memory, () => undefined);
    for (const { base, size } of ram) this.guest.view(base, size).fill(0xee);
  }

  load(request: Partial<BootRequest> & Pick<BootRequest, 'image'>, cpus = 1): Promise<InitialState> {
    const services = { map: this.map, memory: this.memory, guestMemory: this.guest };
    const processors = Array.from({ length: cpus }, (_, apicId) => ({ apicId }));
    return loadGuest({ vdevNodes: () => [], ...request }, services, processors);
  }

  /** Little-endian number of up to 8 bytes. */
  number(address: number, size: 1 | 2 | 4 | 8): number {
    return this.guest.read(address, size).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** The text up to a NUL. */
  text(address: number): string {
    let end = address;
    while (this.number(end, 1) !== 0) end++;
    return new TextDecoder().decode(this.guest.read(address, end - address));
  }

  /** Entries of a memory map of 64-bit address, 64-bit size and 32-bit type. */
  entries(address: number, count: number, stride: number): readonly (readonly [number, number, number])[] {
    return Array.from({ length: count }, (_, index) => {
      const at = address + index * stride;
      return [this.number(at, 8), this.number(at + 8, 8), this.number(at + 16, 4)] as const;
    });
  }
}

/** A segment of {@link elfFile}. */
export interface ElfPart {
  readonly physical: number;
  readonly virtual?: number;
  readonly bytes: Uint8Array;
  readonly memorySize?: number;
}

/** Offsets of the fields that differ between 32-bit and 64-bit ELF files. */
const LAYOUTS = {
  32: { word: 4, header: 52, entry: 24, table: 28, size: 42, program: 32, fields: [4, 8, 12, 16, 20] },
  64: { word: 8, header: 64, entry: 24, table: 32, size: 54, program: 56, fields: [8, 16, 24, 32, 40] },
} as const;

/** An ELF file for x86, with an optional note. */
export function elfFile(
  bits: 32 | 64,
  entry: number,
  parts: readonly ElfPart[],
  note?: { readonly name: string; readonly type: number; readonly description: Uint8Array },
): Uint8Array {
  const layout = LAYOUTS[bits];
  const noteBytes = note ? encodeNote(note) : new Uint8Array(0);
  const contents = [...parts.map(({ bytes }) => bytes), ...(note ? [noteBytes] : [])];
  const headers = layout.header + contents.length * layout.program;
  const file = new Uint8Array(contents.reduce((sum, { length }) => sum + length, headers));
  const view = new DataView(file.buffer);
  const word = (at: number, value: number): void =>
    layout.word === 8 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true);
  file.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, bits === 64 ? ElfMachine.X86_64 : ElfMachine.I386, true);
  word(layout.entry, entry);
  word(layout.table, layout.header);
  view.setUint16(layout.size, layout.program, true);
  view.setUint16(layout.size + 2, contents.length, true);
  let offset = headers;
  contents.forEach((content, index) => {
    const part = parts[index];
    const at = layout.header + index * layout.program;
    view.setUint32(at, part ? 1 : 4, true);
    const physical = part?.physical ?? 0;
    const values = [offset, part?.virtual ?? physical, physical, content.length, part?.memorySize ?? content.length];
    layout.fields.forEach((field, i) => word(at + field, values[i] as number));
    file.set(content, offset);
    offset += content.length;
  });
  return file;
}

function encodeNote({ name, type, description }: { name: string; type: number; description: Uint8Array }): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0`);
  const begin = 12 + Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(begin + Math.ceil(description.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, description.length, true);
  view.setUint32(8, type, true);
  bytes.set(text, 12);
  bytes.set(description, begin);
  return bytes;
}

/** A bzImage around a payload, with a setup header of version 2.15. */
export function bzImage(payload: Uint8Array, version = 0x20f): Uint8Array {
  const begin = 2 * 512;
  const bytes = new Uint8Array(begin + 0x40 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0x1f1] = 1;
  view.setUint16(0x1fe, 0xaa55, true);
  bytes.set([0xeb, 0x6a], 0x200);
  bytes.set(new TextEncoder().encode('HdrS'), 0x202);
  view.setUint16(0x206, version, true);
  bytes[0x211] = 1;
  view.setUint32(0x22c, 0x7fff_ffff, true);
  view.setUint32(0x230, 0x20_0000, true);
  view.setUint32(0x238, 100, true);
  view.setUint32(0x248, 0x40, true);
  view.setUint32(0x24c, payload.length, true);
  view.setUint32(0x258, 2 ** 20, true);
  bytes.set(payload, begin + 0x40);
  return bytes;
}
