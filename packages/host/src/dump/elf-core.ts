import type { VirtualMapping } from '@qvm/core/hooks';
import {
  alignUp,
  ELF_HEADER_BYTES,
  ELF_PROGRAM_HEADER_BYTES,
  ElfMachine,
  ElfSegmentType,
  ElfType,
  writeElfHeader,
  writeElfProgramHeader,
} from '@qvm/core/architecture';
import type { ArchitectureName } from '@qvm/config';

/** ELF64 core files, according to the System V ABI (gABI chapters 4 and 5) and Linux' core format. */

const NT_PRSTATUS = 1;
const PF_RWX = 7;
/** e_phnum has 16 bits; more program headers would need section headers. */
const MAX_PROGRAM_HEADERS = 0xfffe;
/** Alignment of segments to pages, so that readers can map them. */
const ALIGNMENT = 0x1000;

const MACHINES: Readonly<Record<ArchitectureName, ElfMachine>> = {
  aarch64: ElfMachine.AArch64,
  x86_64: ElfMachine.X86_64,
};

/** Offset of the general registers in Linux' `struct elf_prstatus` on 64-bit machines, and the bytes after them. */
const PRSTATUS_REGISTERS = 112;
const PRSTATUS_PID = 32;
const PRSTATUS_TAIL = 8;

/** `orig_rax`: the number of an interrupted system call, which debuggers restart unless it is −1. */
const NO_SYSTEM_CALL = 'orig_rax';

/** Registers in the order of `elf_gregset_t`, by the names that vCPUs give them. */
const REGISTERS: Readonly<Record<ArchitectureName, readonly string[]>> = {
  aarch64: [...Array.from({ length: 31 }, (_, n) => `x${n}`), 'sp', 'pc', 'pstate'],
  x86_64: [
    ...['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi'],
    ...[NO_SYSTEM_CALL, 'rip', 'cs', 'rflags', 'rsp', 'ss', 'fs.base', 'gs.base', 'ds', 'es', 'fs', 'gs'],
  ],
};

/** The names of the registers of a vCPU that its note has. */
export function dumpedRegisters(arch: ArchitectureName): readonly string[] {
  return REGISTERS[arch].filter((name) => name !== NO_SYSTEM_CALL);
}

/**
 * A range of guest-physical memory.
 *
 * @experimental
 */
export interface MemoryRange {
  /** First guest-physical address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
}

/** A segment: a part of a range with its virtual address. */
interface Segment {
  readonly virtual: bigint;
  readonly physical: number;
  readonly size: number;
  readonly offset: number;
}

/** The headers of a core file and the offsets of its segments. */
export interface CoreLayout {
  /** ELF header, program headers and notes. */
  readonly head: Uint8Array;
  /** File offset of each range, in order. */
  readonly offsets: readonly number[];
  readonly fileSize: number;
}

/** Largest number of segments with virtual addresses in a core file. */
export const MOST_MAPPINGS = 20_000;

/**
 * Lays out a core file: a note for each vCPU; a segment for each part of memory that the guest's tables map, with its
 * virtual address; then one for each range, with its guest-physical address as both addresses. All segments share the
 * bytes of the ranges in the file. Debuggers use the first segment that contains an address, so if a virtual and a
 * guest-physical address are equal, the virtual one has precedence.
 *
 * @param mappings - mappings of the guest's tables; those outside of the ranges are omitted.
 * @throws RangeError when there are more ranges than an ELF header can count.
 */
export function layoutCore(
  arch: ArchitectureName,
  vcpus: readonly Readonly<Record<string, bigint>>[],
  ranges: readonly MemoryRange[],
  mappings: readonly VirtualMapping[] = [],
): CoreLayout {
  if (ranges.length + 1 > MAX_PROGRAM_HEADERS)
    throw new RangeError(`${ranges.length} ranges do not fit into a core file`);
  const notes = concatenate(vcpus.map((registers, index) => prstatusNote(arch, registers, index + 1)));
  const mapped = mappings.flatMap((mapping) => partsIn(ranges, mapping));
  const room = Math.min(MOST_MAPPINGS, MAX_PROGRAM_HEADERS - 1 - ranges.length);
  const count = 1 + Math.min(room, mapped.length) + ranges.length;
  const notesAt = ELF_HEADER_BYTES + ELF_PROGRAM_HEADER_BYTES * count;
  const offsets: number[] = [];
  let end = alignUp(notesAt + notes.length, ALIGNMENT);
  for (const { size } of ranges) {
    offsets.push(end);
    end = alignUp(end + size, ALIGNMENT);
  }
  const head = new Uint8Array(notesAt + notes.length);
  const view = new DataView(head.buffer);
  writeElfHeader(view, { type: ElfType.Core, machine: MACHINES[arch], programHeaders: count });
  writeElfProgramHeader(view, 0, {
    type: ElfSegmentType.Note,
    offset: notesAt,
    virtual: 0n,
    physical: 0,
    fileSize: notes.length,
    memorySize: 0,
    align: 4,
  });
  const segments = [
    ...mapped
      .slice(0, room)
      .map(({ range, within, ...segment }) => ({ ...segment, offset: (offsets[range] ?? 0) + within })),
    ...ranges.map(({ base, size }, index) => ({
      virtual: BigInt(base),
      physical: base,
      size,
      offset: offsets[index] ?? 0,
    })),
  ];
  segments.forEach(({ size, ...segment }: Segment, index) => {
    const extent = { fileSize: size, memorySize: size, align: ALIGNMENT };
    writeElfProgramHeader(view, index + 1, { type: ElfSegmentType.Load, flags: PF_RWX, ...segment, ...extent });
  });
  head.set(notes, notesAt);
  return { head, offsets, fileSize: end };
}

/** The parts of a mapping inside of ranges, except for those with the same virtual and guest-physical address. */
function partsIn(
  ranges: readonly MemoryRange[],
  { virtual, physical, size }: VirtualMapping,
): readonly (Omit<Segment, 'offset'> & { readonly range: number; readonly within: number })[] {
  if (virtual === BigInt(physical)) return [];
  return ranges.flatMap(({ base, size: bytes }, range) => {
    const from = Math.max(physical, base);
    const to = Math.min(physical + size, base + bytes);
    if (from >= to) return [];
    return [
      { virtual: virtual + BigInt(from - physical), physical: from, size: to - from, range, within: from - base },
    ];
  });
}

/** NT_PRSTATUS with the registers; the vCPU's number replaces the process id. */
function prstatusNote(arch: ArchitectureName, registers: Readonly<Record<string, bigint>>, id: number): Uint8Array {
  const names = REGISTERS[arch];
  const description = PRSTATUS_REGISTERS + 8 * names.length + PRSTATUS_TAIL;
  const note = new Uint8Array(20 + alignUp(description, 4));
  const view = new DataView(note.buffer);
  view.setUint32(0, 5, true);
  view.setUint32(4, description, true);
  view.setUint32(8, NT_PRSTATUS, true);
  note.set(new TextEncoder().encode('CORE'), 12);
  view.setUint32(20 + PRSTATUS_PID, id, true);
  names.forEach((name, index) => {
    const at = 20 + PRSTATUS_REGISTERS + 8 * index;
    const value = name === NO_SYSTEM_CALL ? -1n : (registers[name] ?? 0n);
    view.setBigUint64(at, BigInt.asUintN(64, value), true);
  });
  return note;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
