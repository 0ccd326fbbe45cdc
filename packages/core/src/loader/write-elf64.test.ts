import { readElf64 } from './elf.js';
import { ELF_HEADER_BYTES, ELF_PROGRAM_HEADER_BYTES, ElfMachine, ElfSegmentType, ElfType } from './elf64-format.js';
import { writeElfHeader, writeElfProgramHeader } from './write-elf64.js';

/**
 * Header and program header of a file of two instructions that `aarch64-linux-gnu-ld -Ttext 0x40000000` has linked (binutils 2.40), as
 * `od -A n -t x1 -N 120` shows them.
 */
const LINKED = `
  7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00 02 00 b7 00 01 00 00 00 00 00 00 40 00 00 00 00
  40 00 00 00 00 00 00 00 90 01 01 00 00 00 00 00 00 00 00 00 40 00 38 00 01 00 40 00 05 00 04 00
  01 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 3f 00 00 00 00 00 00 ff 3f 00 00 00 00
  08 00 01 00 00 00 00 00 08 00 01 00 00 00 00 00 00 00 01 00 00 00 00 00
`;
/** Fields about section headers: offset, and size, number and names of them. */
const SECTION_FIELDS = [
  [0x28, 8],
  [0x3a, 6],
] as const;

function written(): Uint8Array {
  const bytes = new Uint8Array(ELF_HEADER_BYTES + ELF_PROGRAM_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const { AArch64: machine } = ElfMachine;
  writeElfHeader(view, { type: ElfType.Executable, machine, entry: 0x4000_0000n, programHeaders: 1 });
  const place = { offset: 0, virtual: 0x3fff_0000n, physical: 0x3fff_0000, align: 0x1_0000 };
  writeElfProgramHeader(view, 0, {
    type: ElfSegmentType.Load,
    flags: 5,
    ...place,
    fileSize: 65_544,
    memorySize: 65_544,
  });
  return bytes;
}

describe('writeElfHeader and writeElfProgramHeader', () => {
  it('write what a linker writes', () => {
    const linked = Uint8Array.from(LINKED.trim().split(/\s+/), (byte) => parseInt(byte, 16));
    for (const [at, length] of SECTION_FIELDS) linked.fill(0, at, at + length);
    expect(written()).toEqual(linked);
  });

  it('write what the loader reads', () => {
    const file = new Uint8Array(65_544).fill(7);
    file.set(written());
    const { entry, segments } = readElf64(file, ElfMachine.AArch64);
    expect(entry).toBe(0x4000_0000n);
    expect(segments).toMatchObject([{ physical: 0x3fff_0000, virtual: 0x3fff_0000n, memorySize: 65_544 }]);
    expect(segments[0]?.contents.piece(0, file.length)).toEqual(file);
  });
});
