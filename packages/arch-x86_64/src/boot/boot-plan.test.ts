import { gzipSync } from 'node:zlib';
import { ImageError } from '@qvm/core/architecture';
import { Gpr, SegmentRegister } from '@qvm/isa-x86_64';
import { createRandom, randomSeed } from '@qvm/testing';
import { BootBench, bzImage, elfFile, PC_RAM } from './boot-bench.test.helper.js';
import type { ElfPart } from './boot-bench.test.helper.js';
import type { InitialState } from './initial-state.js';

const MIB = 2 ** 20;
const CODE: ElfPart = { physical: MIB, bytes: Uint8Array.of(0xf4, 1, 2, 3), memorySize: 0x3000 };
const entryNote = (entry: number, size = 8) => {
  const description = new Uint8Array(size);
  new DataView(description.buffer).setUint32(0, entry, true);
  return { name: 'Xen', type: 18, description };
};
const PVH = elfFile(64, 0x10_0000, [CODE], entryNote(0x10_0850));
const file = (bytes: Uint8Array) => ({ name: 'kernel', bytes });
const INITRD = { name: 'initrd', bytes: Uint8Array.of(9, 8, 7) };

/** The zero page at RSI: what Linux reads there. */
function readZeroPage(bench: BootBench, state: InitialState) {
  const page = state.registers[Gpr.RSI] as number;
  const count = bench.number(page + 0x1e8, 1);
  return {
    commandLine: bench.text(bench.number(page + 0x228, 4)),
    initrd: [bench.number(page + 0x218, 4), bench.number(page + 0x21c, 4)],
    rsdp: bench.number(page + 0x70, 8),
    memory: Array.from({ length: count }, (_, i) => bench.entries(page + 0x2d0 + i * 20, 1, 20)[0]),
    magic: bench.number(page + 0x202, 4),
    version: bench.number(page + 0x206, 2),
  };
}

describe('loadGuest', () => {
  it('enters a kernel with the note of PVH in protected mode, with the start information in EBX', async () => {
    const bench = new BootBench();
    const state = await bench.load({ image: file(PVH), initrd: INITRD, commandLine: 'console=ttyS0' });
    expect(state).toMatchObject({ mode: 'protected', entry: 0x10_0850, rflags: 2, cr0: 0x11, cr3: 0, cr4: 0, efer: 0 });
    expect(state.segments[SegmentRegister.CS]).toEqual({
      selector: 0x10,
      base: 0,
      limit: 0xffff_ffff,
      attributes: 0xc09b,
    });
    expect(state.segments[SegmentRegister.SS]).toEqual({
      selector: 0x18,
      base: 0,
      limit: 0xffff_ffff,
      attributes: 0xc093,
    });
    expect([...bench.guest.read(MIB, 6)]).toEqual([0xf4, 1, 2, 3, 0, 0]);
    expect(bench.number(MIB + 0x2fff, 1)).toBe(0);
    expect(bench.number(MIB + 0x3000, 1)).toBe(0xee);
    const info = state.registers[Gpr.RBX] as number;
    expect(bench.number(info, 4)).toBe(0x336e_c578);
    expect(bench.number(info + 4, 4)).toBe(1);
    const module = bench.number(info + 16, 8);
    expect([bench.number(info + 12, 4), bench.number(module + 8, 8)]).toEqual([1, 3]);
    expect([...bench.guest.read(bench.number(module, 8), 3)]).toEqual([9, 8, 7]);
    expect(bench.text(bench.number(info + 24, 8))).toBe('console=ttyS0');
    expect(bench.text(bench.number(info + 32, 8)).slice(0, 8)).toBe('RSD PTR ');
    const map = bench.entries(bench.number(info + 40, 8), bench.number(info + 48, 4), 24);
    const tables = map.find(([, , type]) => type === 3) as readonly number[];
    expect(map).toEqual([
      [0, 0xa_0000, 1],
      [MIB, (tables[0] as number) - MIB, 1],
      [tables[0], tables[1], 3],
    ]);
    expect((tables[0] as number) + (tables[1] as number)).toBe(16 * MIB);
  });

  it('enters a vmlinux without the note in 64-bit mode, on tables that map 4 GiB to themselves', async () => {
    const bench = new BootBench();
    const image = elfFile(64, 0x8100_0100, [{ ...CODE, virtual: 0x8100_0000, memorySize: 0x1000 }]);
    const state = await bench.load({ image: file(image), commandLine: 'quiet' });
    expect(state).toMatchObject({ mode: 'long', entry: MIB + 0x100, cr0: 0x8000_0011, cr4: 0x20, efer: 0x500 });
    expect(state.segments[SegmentRegister.CS]).toMatchObject({ selector: 0x10, attributes: 0xa09b });
    const walk = (address: number): number => {
      const entry = (table: number, shift: number): number =>
        bench.number(table + (Math.floor(address / 2 ** shift) % 512) * 8, 8);
      const [four, three] = [entry(state.cr3, 39), entry(entry(state.cr3, 39) - 3, 30)];
      expect([four % 0x1000, three % 0x1000]).toEqual([3, 3]);
      return entry(three - 3, 21);
    };
    for (const address of [0, MIB * 2, 0x3fe0_0000, 0x4000_0000, 0xffe0_0000])
      expect(walk(address)).toBe(address + 0x83);
    expect(readZeroPage(bench, state)).toMatchObject({
      ...{ commandLine: 'quiet', initrd: [0, 0], magic: 0x5372_6448, version: 0x20f },
      memory: [[0, 0xa_0000, 1], [MIB, expect.any(Number), 1], expect.arrayContaining([3])],
    });
    // The descriptors in memory are those of the segments.
    const descriptor = (selector: number) =>
      bench.number(state.gdt.base + selector, 4) + bench.number(state.gdt.base + selector + 4, 4) * 2 ** 32;
    expect([descriptor(0x10), descriptor(0x18)]).toEqual([
      0x00af_9b00 * 2 ** 32 + 0xffff,
      0x00cf_9300 * 2 ** 32 + 0xffff,
    ]);
  });

  it('unpacks a bzImage, and gives a 32-bit kernel its own setup header in the zero page', async () => {
    const kernel = elfFile(32, 0xc010_0004, [{ ...CODE, virtual: 0xc010_0000 }]);
    const bench = new BootBench();
    const state = await bench.load({ image: file(bzImage(new Uint8Array(gzipSync(kernel)))), initrd: INITRD });
    expect(state).toMatchObject({ mode: 'protected', entry: MIB + 4, efer: 0 });
    const page = readZeroPage(bench, state);
    expect(page).toMatchObject({ initrd: [expect.any(Number), 3], version: 0x20f });
    expect([...bench.guest.read(page.initrd[0] as number, 3)]).toEqual([9, 8, 7]);
    expect(bench.number((state.registers[Gpr.RSI] as number) + 0x230, 4)).toBe(0x20_0000);
  });

  it('enters a bzImage in 64-bit mode and an ELF file by its note of PVH, unless another entry is chosen', async () => {
    const enter = (bytes: Uint8Array, entry?: string) =>
      new BootBench().load({ image: file(bytes), ...(entry === undefined ? {} : { entry }) });
    const long = { mode: 'long', entry: MIB };
    const pvh = { mode: 'protected', entry: 0x10_0850 };
    const packed = new Uint8Array(gzipSync(bzImage(PVH)));
    expect(await enter(packed)).toMatchObject(long);
    expect(await enter(packed, 'pvh')).toMatchObject(pvh);
    expect(await enter(PVH)).toMatchObject(pvh);
    expect(await enter(PVH, 'linux64')).toMatchObject(long);
    await expect(enter(PVH, 'linux32')).rejects.toMatchObject({
      code: 'image.no-entry',
      message: 'kernel cannot be entered by linux32: it has pvh, linux64.',
    });
    await expect(enter(packed, 'multiboot1')).rejects.toMatchObject({ code: 'image.no-entry' });
  });

  it('starts multiboot kernels of both versions', async () => {
    const one = new Uint8Array(16);
    const view = new DataView(one.buffer);
    [0x1bad_b002, 3, (-0x1bad_b002 - 3) >>> 0].forEach((value, i) => view.setUint32(i * 4, value, true));
    const bench = new BootBench();
    const state = await bench.load({
      image: file(elfFile(32, MIB, [{ physical: MIB, bytes: one }])),
      initrd: INITRD,
      commandLine: 'x y',
    });
    const info = state.registers[Gpr.RBX] as number;
    expect([state.mode, state.registers[Gpr.RAX]]).toEqual(['protected', 0x2bad_b002]);
    expect(bench.number(info, 4)).toBe(0b10_0100_1101);
    expect([bench.number(info + 4, 4), bench.number(info + 8, 4)]).toEqual([640, expect.any(Number)]);
    expect(bench.text(bench.number(info + 16, 4))).toBe('x y');
    const module = bench.number(info + 24, 4);
    expect(bench.number(module + 4, 4) - bench.number(module, 4)).toBe(3);
    expect(bench.entries(bench.number(info + 48, 4) + 4, 1, 24)).toEqual([[0, 0xa_0000, 1]]);

    const two = new Uint8Array(40);
    const header = new DataView(two.buffer);
    [0xe852_50d6, 0, 40, (-0xe852_50d6 - 40) >>> 0, 3, 12, MIB + 8].forEach((value, i) =>
      header.setUint32(i * 4, value, true),
    );
    header.setUint32(36, 8, true);
    const other = new BootBench();
    const second = await other.load({
      image: file(elfFile(64, MIB, [{ physical: MIB, bytes: two }])),
      commandLine: 'z',
    });
    expect([second.entry, second.registers[Gpr.RAX]]).toEqual([MIB + 8, 0x36d7_6289]);
    const tags = new Map<number, number>();
    const begin = second.registers[Gpr.RBX] as number;
    const end = begin + other.number(begin, 4);
    for (let at = begin + 8; at < end; at += Math.ceil(other.number(at + 4, 4) / 8) * 8)
      tags.set(other.number(at, 4), at);
    expect([...tags.keys()]).toEqual([1, 2, 4, 6, 14, 15, 0]);
    expect(other.text((tags.get(1) as number) + 8)).toBe('z');
    expect(other.text((tags.get(15) as number) + 8).slice(0, 8)).toBe('RSD PTR ');
  });

  it('enters a bzImage that contains no kernel as it is, at the entries of its unpacker', async () => {
    const program = bzImage(new Uint8Array(0));
    const enter = (entry?: string) => {
      const bench = new BootBench();
      return bench
        .load({ image: file(program), ...(entry === undefined ? {} : { entry }) })
        .then((state) => ({ state, bench }));
    };
    expect((await enter()).state).toMatchObject({ mode: 'protected', entry: MIB });
    program[0x236] = 1;
    const { state, bench } = await enter();
    expect(state).toMatchObject({ mode: 'long', entry: MIB + 0x200 });
    expect([...bench.guest.read(MIB, 0x40)]).toEqual([...program.subarray(0x400)]);
    expect((await enter('real-mode')).state).toMatchObject({ mode: 'real', entry: 0 });
    await expect(enter('pvh')).rejects.toMatchObject({
      message: 'kernel cannot be entered by pvh: it has linux64, linux32, real-mode.',
    });
    await expect(new BootBench().load({ image: file(PVH), entry: 'real-mode' })).rejects.toMatchObject({
      code: 'image.no-entry',
    });
  });

  it('refuses setup code and command lines for which real mode has no room', async () => {
    const load = (image: Uint8Array, commandLine = '') =>
      new BootBench().load({ image: file(image), entry: 'real-mode', commandLine });
    const large = new Uint8Array(0x1_0400);
    large.set(bzImage(new Uint8Array(0)));
    large[0x1f1] = 64;
    await expect(load(large)).rejects.toMatchObject({ code: 'image.too-large' });
    const small = bzImage(new Uint8Array(0));
    new DataView(small.buffer).setUint32(0x238, 0xffff_ffff, true);
    await expect(load(small, 'x'.repeat(0x2000))).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(load(small, 'x'.repeat(0x1fff))).resolves.toMatchObject({ mode: 'real' });
  });

  it('starts firmware at the reset vector, with a copy below 1 MiB where there is memory', async () => {
    const bytes = new Uint8Array(0x4_0000).fill(0x90);
    bytes.set([0xea, 0x5b, 0xe0, 0, 0xf0], bytes.length - 16);
    const rom = { base: 2 ** 32 - bytes.length, size: bytes.length };
    const bench = new BootBench([{ base: 0, size: 4 * MIB }], [rom]);
    const state = await bench.load({ image: file(bytes) });
    expect(state).toMatchObject({ mode: 'reset', entry: 0xfff0 });
    expect([bench.number(2 ** 32 - 16, 1), bench.number(MIB - 16, 1), bench.number(MIB - 0x2_0000 - 1, 1)]).toEqual([
      0xea, 0xea, 0xee,
    ]);
    await expect(new BootBench(PC_RAM).load({ image: file(bytes) })).rejects.toMatchObject({
      code: 'image.does-not-fit',
    });
    // MOV EAX, CR0; TEST AL, 1; JZ; JMP, as EDK II begins.
    bytes.set([0x0f, 0x20, 0xc0, 0xa8, 1, 0x74, 5, 0xe9, 0x28], bytes.length - 16);
    await expect(bench.load({ image: file(bytes) })).resolves.toMatchObject({ mode: 'reset' });
    await expect(bench.load({ image: file(bytes.fill(0x90)) })).rejects.toMatchObject({ code: 'image.unknown-format' });
    bytes.set([0xea, 0x5b, 0xe0, 0, 0xf0], bytes.length - 16);
    for (const more of [{ initrd: INITRD }, { commandLine: 'quiet' }])
      await expect(bench.load({ image: file(bytes), ...more })).rejects.toMatchObject({ code: 'image.unknown-format' });
    const withoutCopy = new BootBench(PC_RAM, [rom]);
    await expect(withoutCopy.load({ image: file(bytes) })).resolves.toMatchObject({ mode: 'reset' });
  });

  it('tells firmware of the memory, and gives it the ACPI tables, by its configuration device', async () => {
    const bytes = new Uint8Array(0x2_0000).fill(0x90);
    bytes.set([0xea, 0x5b, 0xe0, 0, 0xf0], bytes.length - 16);
    const bench = new BootBench(
      [
        { base: 0, size: 0xa_0000 },
        { base: 0xc_0000, size: 0x4_0000 },
        { base: MIB, size: 3 * MIB },
        { base: 2 ** 32, size: MIB },
      ],
      [{ base: 2 ** 32 - bytes.length, size: bytes.length }],
    );
    const files = new Map<string, Uint8Array>();
    const putFile = ({ name, bytes: content }: { name: string; bytes: Uint8Array }) => void files.set(name, content);
    const vdevAcpi = () => [{ kind: 'pci-segment', base: 0xb000_0000, segment: 0, firstBus: 0, lastBus: 0 }] as const;
    const reservations = [{ name: 'window', base: 2 * MIB, size: MIB }];
    const request = { image: file(bytes), vdevAcpi, reservations, firmware: { addFile: putFile, putFile } };
    await bench.load(request);
    const map = files.get('etc/e820') as Uint8Array;
    const view = new DataView(map.buffer);
    const entries = Array.from({ length: map.length / 20 }, (_, i) => [
      Number(view.getBigUint64(i * 20, true)),
      Number(view.getBigUint64(i * 20 + 8, true)),
      view.getUint32(i * 20 + 16, true),
    ]);
    expect(entries).toEqual([
      [0, 0xa_0000, 1],
      [MIB, MIB, 1],
      [2 * MIB, MIB, 2],
      [3 * MIB, MIB, 1],
      [0xb000_0000, MIB, 2],
      [2 ** 32, MIB, 1],
    ]);
    expect([...files.keys()].sort()).toEqual(['etc/acpi/rsdp', 'etc/acpi/tables', 'etc/e820', 'etc/table-loader']);
    // A second boot, after a reset, finds the files there.
    await expect(bench.load(request)).resolves.toMatchObject({ mode: 'reset' });
  });

  it('puts the RSDP where it is looked for, if there is RAM, and tells of reserved memory', async () => {
    const bench = new BootBench([
      { base: 0, size: 16 * MIB },
      { base: 2 ** 32, size: MIB },
    ]);
    const vdevAcpi = () => [{ kind: 'pci-segment', base: 0xb000_0000, segment: 0, firstBus: 0, lastBus: 15 }] as const;
    const reservations = [{ name: 'window', base: 8 * MIB, size: MIB }];
    const state = await bench.load({ image: file(elfFile(64, MIB, [CODE])), vdevAcpi, reservations });
    const { rsdp, memory } = readZeroPage(bench, state);
    expect(rsdp).toBe(0xe_0000);
    const usable = memory.filter((entry) => entry?.[2] === 1).map((entry) => entry?.[0]);
    expect(usable).toEqual([0, MIB, 9 * MIB, 2 ** 32]);
    expect(memory).toContainEqual([8 * MIB, MIB, 2]);
    expect(memory).toContainEqual([0xb000_0000, 16 * MIB, 2]);
  });

  it.each<readonly [string, string, Uint8Array]>([
    ['nothing', 'truncated', new Uint8Array(0)],
    ['text', 'unknown-format', new TextEncoder().encode('hello, world')],
    ['a bzImage that ends in its header', 'truncated', bzImage(PVH).subarray(0, 0x250)],
    ['a bzImage that ends in its payload', 'truncated', bzImage(PVH).subarray(0, -1)],
    ['a bzImage that ends with its setup code', 'truncated', bzImage(new Uint8Array(0)).subarray(0, 0x400)],
    ['a zImage', 'unknown-format', bzImage(PVH).with(0x211, 0)],
    ['a bzImage of an old kernel', 'unknown-format', bzImage(PVH, 0x207)],
    ['a bzImage with something else in it', 'bad-payload', bzImage(new Uint8Array(gzipSync(new Uint8Array(9))))],
    ['a kernel for Arm', 'wrong-machine', PVH.with(18, 183)],
    ['a kernel outside RAM', 'does-not-fit', elfFile(64, 2 ** 31, [{ ...CODE, physical: 2 ** 31 }])],
    ['a kernel in the hole of a PC', 'does-not-fit', elfFile(64, 0xa_0000, [{ ...CODE, physical: 0xa_0000 }])],
    ['a kernel on the first page', 'overlap', elfFile(64, 0, [{ ...CODE, physical: 0 }])],
    ['segments that overlap', 'overlap', elfFile(64, MIB, [CODE, { ...CODE, physical: MIB + 1 }])],
    ['an entry in no segment', 'bad-header', elfFile(64, 0x20_0000, [CODE])],
    [
      'a note with an entry above 4 GiB',
      'bad-header',
      elfFile(64, MIB, [CODE], { ...entryNote(MIB), description: new Uint8Array(8).fill(1) }),
    ],
    [
      'a note without an entry',
      'bad-header',
      elfFile(
        64,
        MIB,
        [CODE],
        entryNote(MIB).description.length ? { ...entryNote(MIB), description: new Uint8Array(2) } : undefined,
      ),
    ],
  ])('refuses %s', async (_, problem, bytes) => {
    await expect(new BootBench().load({ image: file(bytes) })).rejects.toMatchObject({ code: `image.${problem}` });
  });

  it('refuses a command line, an initial file system and a device tree that the guest cannot take', async () => {
    const load = (more: object, image = PVH) => new BootBench().load({ image: file(image), ...more });
    await expect(load({ commandLine: 'x'.repeat(101) }, bzImage(PVH))).rejects.toMatchObject({
      code: 'image.too-large',
    });
    await expect(load({ commandLine: 'x'.repeat(2048) })).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(load({ initrd: { name: 'initrd', bytes: new Uint8Array(0) } })).rejects.toMatchObject({
      code: 'image.truncated',
    });
    const large = { name: 'initrd', bytes: new Uint8Array(16 * MIB) };
    await expect(load({ initrd: large })).rejects.toMatchObject({ code: 'image.does-not-fit' });
    await expect(load({ deviceTree: file(PVH) })).rejects.toMatchObject({ code: 'image.unknown-format' });
  });

  it('writes nothing outside the places of the plan, whatever is damaged in an image', async () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    const bench = new BootBench([
      { base: 0, size: 0xa_0000 },
      { base: MIB, size: MIB },
    ]);
    for (let round = 0; round < 300; round++) {
      const image = (round % 2 === 0 ? PVH : bzImage(new Uint8Array(gzipSync(PVH)))).slice();
      for (let change = 0; change < 3; change++) image[random() % image.length] = random() & 0xff;
      try {
        await bench.load({ image: file(image) });
      } catch (error) {
        if (!(error instanceof ImageError)) throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });
});
