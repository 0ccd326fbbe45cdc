import fc from 'fast-check';
import { contentsOf } from './contents.js';
import { isElf, readElf, readElf64 } from './elf.js';
import type { ElfSegment } from './elf.js';
import { ElfMachine } from './elf64-format.js';
import { ImageError, type ImageProblem } from './image-error.js';

interface SegmentFields {
  type?: number;
  offset?: number;
  virtual?: bigint;
  physical?: number;
  fileSize?: number;
  memorySize?: number;
}

const DATA_OFFSET = 0x200;

/** An ELF64 file with 256 bytes of data at 0x200. */
function elf(segments: readonly SegmentFields[]): Uint8Array {
  const bytes = new Uint8Array(DATA_OFFSET + 256).map((_, index) => index);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f45_4c46);
  view.setUint8(4, 2);
  view.setUint8(5, 1);
  view.setUint16(16, 2, true);
  view.setUint16(18, ElfMachine.AArch64, true);
  view.setBigUint64(24, 0xffff_8000_0808_0000n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, segments.length, true);
  segments.forEach((segment, index) => {
    const header = 64 + index * 56;
    const { type = 1, offset = DATA_OFFSET, virtual = 0n, physical = 0, fileSize = 16, memorySize = 32 } = segment;
    view.setUint32(header, type, true);
    const fields = [BigInt(offset), virtual, BigInt(physical), BigInt(fileSize), BigInt(memorySize)];
    fields.forEach((value, field) => view.setBigUint64(header + 8 + field * 8, value, true));
  });
  return bytes;
}

function problemOf(bytes: Uint8Array, machine = ElfMachine.AArch64): ImageProblem | undefined {
  try {
    readElf64(bytes, machine);
    return undefined;
  } catch (error) {
    if (error instanceof ImageError) return error.problem;
    throw error;
  }
}

function patched(change: (view: DataView) => void, segments: readonly SegmentFields[] = [{}]): Uint8Array {
  const bytes = elf(segments);
  change(new DataView(bytes.buffer));
  return bytes;
}

/** Moves the number of segments into a section header, as for counts of 65,535 or more. */
function countElsewhere(view: DataView, count: number, section = BigInt(DATA_OFFSET)): void {
  view.setUint16(56, 0xffff, true);
  view.setBigUint64(40, section, true);
  view.setUint32(DATA_OFFSET + 44, count, true);
}

const withBytes = ({ contents, ...others }: ElfSegment) => ({ ...others, bytes: contents.piece(0, contents.length) });

describe('readElf64', () => {
  it('finds a number of segments that does not fit into the header', () => {
    const file = patched((view) => countElsewhere(view, 2), [{ physical: 0x1000 }, { physical: 0x2000 }]);
    expect(readElf64(file, ElfMachine.AArch64).segments.map(({ physical }) => physical)).toEqual([0x1000, 0x2000]);
  });

  it('finds entry and segments, in physical order', () => {
    const file = elf([
      { physical: 0x4010_0000, virtual: 0xffff_8000_0010_0000n, offset: DATA_OFFSET + 16 },
      { type: 6 },
      { physical: 0x4000_0000, fileSize: 8, memorySize: 0x1000 },
      { memorySize: 0, fileSize: 0 },
    ]);
    const { entry, segments } = readElf64(file, ElfMachine.AArch64);
    expect(entry).toBe(0xffff_8000_0808_0000n);
    expect(segments.map(withBytes)).toEqual([
      { physical: 0x4000_0000, virtual: 0n, memorySize: 0x1000, bytes: file.slice(DATA_OFFSET, DATA_OFFSET + 8) },
      {
        physical: 0x4010_0000,
        virtual: 0xffff_8000_0010_0000n,
        memorySize: 32,
        bytes: file.slice(DATA_OFFSET + 16, DATA_OFFSET + 32),
      },
    ]);
  });

  it('works on a view inside a larger buffer', () => {
    const file = elf([{ physical: 0x1000 }]);
    const buffer = new Uint8Array(file.length + 7);
    buffer.set(file, 7);
    const [inside, alone] = [buffer.subarray(7), file].map((bytes) => readElf64(bytes, ElfMachine.AArch64));
    expect(inside?.segments.map(withBytes)).toEqual(alone?.segments.map(withBytes));
    expect(inside?.entry).toBe(alone?.entry);
  });

  it.each<[ImageProblem, Uint8Array]>([
    ['unknown-format', new Uint8Array(0)],
    ['unknown-format', Uint8Array.from([0x7f, 0x45, 0x4c, 0x47])],
    ['truncated', elf([{}]).subarray(0, 63)],
    ['truncated', elf([{}]).subarray(0, 100)],
    ['truncated', elf([{}]).subarray(0, DATA_OFFSET)],
    ['truncated', elf([{ offset: 2 ** 52 }])],
    ['truncated', patched((view) => view.setBigUint64(32, 2n ** 64n - 1n, true))],
    ['wrong-class', patched((view) => view.setUint8(4, 1))],
    ['wrong-endianness', patched((view) => view.setUint8(5, 2))],
    ['wrong-machine', patched((view) => view.setUint16(18, ElfMachine.X86_64, true))],
    ['bad-header', patched((view) => view.setUint16(16, 1, true))],
    ['bad-header', patched((view) => view.setUint16(54, 8, true))],
    ['truncated', patched((view) => countElsewhere(view, 1, 1n << 40n))],
    ['truncated', patched((view) => countElsewhere(view, 0xffff_ffff))],
    ['bad-segment', elf([{ fileSize: 33 }])],
    ['bad-segment', elf([{ physical: 2 ** 48 - 16 }])],
    ['overlap', elf([{ physical: 0x1000 }, { physical: 0x101f }])],
    ['no-segments', elf([])],
    ['no-segments', elf([{ type: 2 }])],
  ])('reports %s (%#)', (problem, file) => {
    expect(problemOf(file)).toBe(problem);
  });

  it('names file and machines', () => {
    const read = () => readElf64(elf([{}]), ElfMachine.X86_64, 'vmlinux');
    expect(read).toThrow('vmlinux is for AArch64, not for X86_64.');
  });

  it('answers any bytes with a typed error or a program', () => {
    const good = elf([{ physical: 0x1000 }, { physical: 0x2000 }]);
    const damage = fc.array(fc.tuple(fc.nat(175), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, cut) => {
        const bad = good.slice(0, cut % 2 === 0 ? good.length : cut);
        for (const [offset, value] of changes) if (offset < bad.length) bad[offset] = value;
        expect(() => problemOf(bad)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('isElf', () => {
  it('looks at the first four bytes', () => {
    expect([isElf(elf([])), isElf(new Uint8Array(3)), isElf(new Uint8Array(64))]).toEqual([true, false, false]);
  });
});

describe('readElf', () => {
  /** A file of the 32-bit class with one segment. */
  function elf32(): Uint8Array {
    const bytes = new Uint8Array(0x200);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x7f45_4c46);
    bytes.set([1, 1], 4);
    view.setUint16(16, 2, true);
    view.setUint16(18, ElfMachine.I386, true);
    view.setUint32(24, 0xc010_0000, true);
    view.setUint32(28, 52, true);
    view.setUint16(42, 32, true);
    view.setUint16(44, 1, true);
    [1, 0x100, 0xc010_0000, 0x10_0000, 16, 32].forEach((value, i) => view.setUint32(52 + i * 4, value, true));
    return bytes;
  }

  it('reads 32-bit files for a machine of several', () => {
    const program = readElf(contentsOf(elf32()), [ElfMachine.X86_64, ElfMachine.I386]);
    expect(program).toMatchObject({ bits: 32, machine: ElfMachine.I386, entry: 0xc010_0000n, notes: [] });
    expect(program.segments).toMatchObject([{ physical: 0x10_0000, virtual: 0xc010_0000n, memorySize: 32 }]);
    expect(program.segments[0]?.contents).toHaveLength(16);
    expect(() => readElf(contentsOf(elf32()), [ElfMachine.X86_64])).toThrow(
      expect.objectContaining({ problem: 'wrong-machine' }),
    );
    expect(() => readElf(contentsOf(elf32().with(4, 3)), [ElfMachine.I386])).toThrow(
      expect.objectContaining({ problem: 'wrong-class' }),
    );
    expect(() => readElf(contentsOf(elf32().subarray(0, 51)), [ElfMachine.I386])).toThrow(
      expect.objectContaining({ problem: 'truncated' }),
    );
  });

  it('reads notes as far as they lie within their segment and the file', () => {
    const note = { type: 4, offset: DATA_OFFSET, fileSize: 0x30 };
    const file = patched(
      (view) => {
        [4, 6, 18].forEach((value, i) => view.setUint32(DATA_OFFSET + i * 4, value, true));
        new Uint8Array(view.buffer).set([0x58, 0x65, 0x6e, 0, 1, 2, 3, 4, 5, 6], DATA_OFFSET + 12);
        // The description of the second one is larger than the segment.
        [4, 0x100, 1].forEach((value, i) => view.setUint32(DATA_OFFSET + 24 + i * 4, value, true));
      },
      [{}, note],
    );
    const { notes } = readElf(contentsOf(file), [ElfMachine.AArch64]);
    expect(notes).toEqual([{ name: 'Xen', type: 18, description: Uint8Array.of(1, 2, 3, 4, 5, 6) }]);
    const outside = elf([{}, { ...note, offset: 0xffff_ffff }]);
    expect(readElf(contentsOf(outside), [ElfMachine.AArch64]).notes).toEqual([]);
  });

  it('reads a limited number of notes, however many segments have the same ones', () => {
    const file = patched(
      (view) => new Uint8Array(view.buffer).fill(0, DATA_OFFSET),
      [{}, ...Array<SegmentFields>(5).fill({ type: 4, fileSize: 256 })],
    );
    // 21 empty notes of 12 bytes fit into 256 bytes.
    expect(readElf(contentsOf(file), [ElfMachine.AArch64]).notes).toHaveLength(5 * 21);
    const table = new Uint8Array(64 + 100 * 56 + 256);
    const view = new DataView(table.buffer);
    table.set(file.subarray(0, 64 + 56));
    view.setUint16(56, 100, true);
    for (let index = 1; index < 100; index++) {
      view.setUint32(64 + index * 56, 4, true);
      view.setBigUint64(64 + index * 56 + 8, BigInt(64 + 100 * 56), true);
      view.setBigUint64(64 + index * 56 + 32, 256n, true);
    }
    view.setBigUint64(64 + 8, 0n, true);
    expect(readElf(contentsOf(table), [ElfMachine.AArch64]).notes).toHaveLength(256);
  });
});
