import { ImageError, cellsOf, findNode, putChild } from '@qvm/core/architecture';
import type { BootFile } from '@qvm/core/architecture';
import { createRandom, randomSeed } from '@qvm/testing';
import { BootBench } from './boot-bench.test.helper.js';
import type { Booted } from './boot-bench.test.helper.js';
import type { AddressRange } from '@qvm/core/architecture';
import { elfImage, linuxImage, pattern, rawCode } from './image-file.test.helper.js';

const MIB = 1 << 20;
const RAM = 0x4000_0000;
const kernel = (bytes: Uint8Array): BootFile => ({ name: 'Image', bytes });
const initrd = (size: number): BootFile => ({ name: 'initrd.gz', bytes: pattern(size) });
const ram = (...sizes: readonly number[]): BootBench =>
  new BootBench(sizes.map((size, i) => ({ base: RAM + i * 0x1000_0000, size })));

/** The range of the initial file system that the tree reports. */
function initrdOf({ tree }: Booted): AddressRange | undefined {
  const at = (name: string): number | undefined => {
    const cells = cellsOf(findNode(tree, '/chosen')?.properties[name]);
    return cells && (cells[0] as number) * 2 ** 32 + (cells[1] as number);
  };
  const [base, end] = [at('linux,initrd-start'), at('linux,initrd-end')];
  return base === undefined || end === undefined ? undefined : { base, size: end - base };
}

/** Whether guest memory has these bytes. */
function holds(bench: BootBench, at: number, bytes: Uint8Array): boolean {
  return Buffer.from(bench.guest.read(at, bytes.length)).equals(bytes);
}

describe('loadGuest', () => {
  it('puts image, tree and initial file system one after the other, on boundaries of 2 MiB', async () => {
    const bench = ram(16 * MIB);
    const image = linuxImage(0x10_0000, { imageSize: 0x28_0000n });
    const booted = await bench.boot({ image: kernel(image), initrd: initrd(0x1_2345) });
    expect([booted.entry, booted.deviceTree, initrdOf(booted)]).toEqual([
      RAM,
      RAM + 4 * MIB,
      { base: RAM + 6 * MIB, size: 0x1_2345 },
    ]);
    expect([holds(bench, RAM, image), holds(bench, RAM + 6 * MIB, pattern(0x1_2345))]).toEqual([true, true]);
    // bss is zero up to its end; the memory after it is untouched.
    expect(bench.guest.read(RAM + image.length, 0x18_0000).every((byte) => byte === 0)).toBe(true);
    expect(bench.guest.readU8(RAM + 0x28_0000)).toBe(0xee);
  });

  it('keeps the offset of old kernels from a multiple of 2 MiB', async () => {
    const bench = new BootBench([{ base: RAM + 0x1_0000, size: 8 * MIB }]);
    const { entry } = await bench.boot({ image: kernel(linuxImage(0x1000, { imageSize: 0n })) });
    expect(entry).toBe(RAM + 2 * MIB + 0x8_0000);
    const next = await bench.boot({ image: kernel(linuxImage(0x1000, { textOffset: 0n })) });
    expect(next.entry).toBe(RAM + 2 * MIB);
    // RAM begins after a multiple of the alignment and holds no other multiple: the image goes to the offset from a
    // multiple outside RAM.
    const small = new BootBench([{ base: RAM + 0x1_0000, size: MIB }]);
    const squeezed = await small.boot({ image: kernel(linuxImage(0x1000, { imageSize: 0n })) });
    expect(squeezed.entry).toBe(RAM + 0x8_0000);
  });

  it.each([0x8_0000n, 0x20_0000n, 0x108_0000n, 0x108_1234n])('obeys the text offset 0x%s', async (textOffset) => {
    const image = linuxImage(0x1000, { textOffset });
    const { entry } = await ram(32 * MIB).boot({ image: kernel(image) });
    expect(entry).toBe(RAM + Number(textOffset));
  });

  it('takes an image that says to need more than 1 GiB, where the VM has it', async () => {
    const image = kernel(linuxImage(0x1000, { imageSize: 5n << 30n }));
    await expect(ram(16 * MIB).boot({ image })).rejects.toMatchObject({ code: 'image.does-not-fit' });
  });

  it('puts raw code where QEMU does, and the tree at the beginning of RAM', async () => {
    const booted = await new BootBench([{ base: 0x1000, size: MIB }]).boot({ image: kernel(rawCode(12)) });
    expect([booted.entry, booted.deviceTree]).toEqual([0x8_1000, 0x1000]);
    const bench = ram(16 * MIB);
    bench.hooks.deviceTree.tap('test', (tree) =>
      putChild(tree, '/', { name: 'large', properties: { x: pattern(0x8_0000) } }),
    );
    const large = await bench.boot({ image: kernel(rawCode(12)) });
    expect([large.entry, large.deviceTree]).toEqual([RAM + 0x8_0000, RAM + 2 * MIB]);
  });

  it('puts the tree of an ELF file at the beginning of RAM, if nothing else is there', async () => {
    const at = async (physical: number): Promise<number> =>
      (await ram(16 * MIB).boot({ image: kernel(elfImage(BigInt(physical), [{ physical }])) })).deviceTree;
    expect(await at(RAM + 0x1_0000)).toBe(RAM);
    expect(await at(RAM + 0x100)).toBe(RAM + 2 * MIB);
    expect(await at(RAM)).toBe(RAM + 2 * MIB);
  });

  it('puts nothing over the files that were loaded first', async () => {
    const data = [{ name: 'table.bin', address: RAM, bytes: pattern(0x1234) }];
    const booted = await ram(16 * MIB).boot({ image: kernel(linuxImage(0x1000)), data });
    expect(booted.entry).toBe(RAM + 2 * MIB);
    const elf = kernel(elfImage(BigInt(RAM + 0x1230), [{ physical: RAM + 0x1230 }]));
    await expect(ram(16 * MIB).boot({ image: elf, data })).rejects.toMatchObject({
      code: 'image.overlap',
      message: 'Image at 0x40001230-0x4000123f would overlap table.bin at 0x40000000-0x40001233.',
    });
  });

  it('puts an ELF file where it says, over several regions', async () => {
    const bench = new BootBench([
      { base: RAM, size: 0x1000 },
      { base: RAM + 0x1000, size: MIB },
      { base: 0x8000_0000, size: 8 * MIB },
    ]);
    const parts = [{ physical: RAM + 0xff8, memorySize: 0x100 }, { physical: 0x8000_0000 }];
    const booted = await bench.boot({ image: kernel(elfImage(BigInt(RAM + 0xffc), parts)) });
    // The beginning of RAM is free: the tree fits before the image.
    expect([booted.entry, booted.deviceTree]).toEqual([RAM + 0xffc, RAM]);
    expect([...bench.guest.read(RAM + 0xff8 + 16, 0xf0)].every((byte) => byte === 0)).toBe(true);
    expect(bench.guest.readU8(RAM + 0xff8 + 0x100)).toBe(0xee);
  });

  it('takes the first RAM that is large enough', async () => {
    const { entry } = await ram(MIB, 16 * MIB).boot({ image: kernel(linuxImage(0x18_0000)) });
    expect(entry).toBe(RAM + 0x1000_0000);
  });

  it('finds other places when RAM is too small for the usual ones', async () => {
    const tiny = await ram(0x1_0000).boot({ image: kernel(rawCode(0x100)), initrd: initrd(0x2000) });
    expect([tiny.entry, tiny.deviceTree, initrdOf(tiny)]).toEqual([
      RAM,
      RAM + 0x1000,
      { base: RAM + 0xe000, size: 0x2000 },
    ]);
    const other = await ram(0x1000, 4 * MIB).boot({ image: kernel(rawCode(0xffc)), initrd: initrd(0x2000) });
    expect([other.entry, other.deviceTree]).toEqual([RAM + 0x1000_0000 + 0x8_0000, RAM]);
  });

  it('gives large trees and initial file systems places of their own', async () => {
    const bench = ram(4 * MIB);
    bench.hooks.deviceTree.tap('test', (tree) =>
      putChild(tree, '/', { name: 'large', properties: { x: pattern(0x8_0000) } }),
    );
    const booted = await bench.boot({ image: kernel(linuxImage(0x10_0000)), initrd: initrd(0x1f_0000) });
    expect(booted.treeBytes.length).toBeGreaterThan(0x8_0000);
    const { base, size } = initrdOf(booted) as AddressRange;
    expect(base >= booted.deviceTree + booted.treeBytes.length || base + size <= booted.deviceTree).toBe(true);
  });

  const fits = (memory: AddressRange[], image: Uint8Array, file?: BootFile) =>
    new BootBench(memory).boot({ image: kernel(image), ...(file && { initrd: file }) });
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'image.does-not-fit',
      () => fits([{ base: RAM, size: MIB }], linuxImage(0x1000, { imageSize: 0x20_0000n })),
      'Image needs 0x200000 bytes (2 MiB), for which there is no room in RAM. The VM has RAM at 0x40000000-0x400fffff, 0x100000 bytes (1 MiB): give it more, or at another place.',
    ],
    [
      'image.does-not-fit',
      () => fits([{ base: RAM, size: MIB }], elfImage(0x8000_0000n, [{ physical: 0x8000_0000, memorySize: 0x1800 }])),
      'Image needs 0x1800 bytes (6 KiB) at 0x80000000-0x800017ff, which is not all RAM. The VM has RAM at 0x40000000-0x400fffff, 0x100000 bytes (1 MiB): give it more, or at another place.',
    ],
    [
      'image.does-not-fit',
      () => fits([{ base: RAM, size: 4 * MIB }], linuxImage(0x1000), initrd(4 * MIB)),
      'initrd.gz needs 0x400000 bytes (4 MiB), for which there is no room in RAM beside Image at 0x40000000-0x40000fff. The VM has RAM at 0x40000000-0x403fffff, 0x400000 bytes (4 MiB): give it more, or at another place.',
    ],
    ['image.does-not-fit', () => fits([{ base: RAM, size: 0x1000 }], rawCode(0x1000)), ''],
    ['image.truncated', () => fits([{ base: RAM, size: MIB }], rawCode(4), initrd(0)), 'initrd.gz is empty.'],
  ])('says %s (%#)', async (code, boot, message) => {
    await expect(boot()).rejects.toMatchObject({ code, ...(message && { message }) });
  });

  it('refuses a tree that no kernel takes', async () => {
    const bench = ram(16 * MIB);
    bench.hooks.deviceTree.tap('test', (tree) =>
      putChild(tree, '/', { name: 'large', properties: { x: pattern(2 * MIB) } }),
    );
    await expect(bench.boot({ image: kernel(linuxImage(0x1000)) })).rejects.toMatchObject({ code: 'image.too-large' });
    // The limit for trees is the Linux kernel's; other images have none.
    await expect(bench.boot({ image: kernel(rawCode(4)) })).resolves.toMatchObject({ entry: RAM + 0x8_0000 });
  });

  it('writes nothing when something does not fit', async () => {
    const bench = ram(MIB);
    await expect(bench.boot({ image: kernel(rawCode(0x100)), initrd: initrd(MIB) })).rejects.toBeInstanceOf(ImageError);
    expect(bench.guest.read(RAM, MIB).every((byte) => byte === 0xee)).toBe(true);
  });

  it('never lets two things overlap or leave RAM, whatever their sizes', async () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    const below = (limit: number): number => random() % limit;
    // A random exponent: small sizes are as likely as large ones.
    const size = (): number => 1 + below(2 ** (3 + below(20)));
    let placed = 0;
    for (let i = 0; i < 200; i++) {
      const where = `seed ${seed}, case ${i}`;
      const regions: AddressRange[] = [];
      let base = below(3) * 0x1000_0000 + below(16) * 0x8000;
      for (let n = below(4); n >= 0; n--) {
        const bytes = 0x1000 * (1 + below(2 ** (1 + below(10))));
        regions.push({ base, size: bytes });
        base += bytes + below(3) * 0x1000 * below(600);
      }
      const bench = new BootBench(regions);
      const fileBytes = size() + 0x40;
      const memoryBytes = fileBytes + (below(2) === 0 ? 0 : size());
      const linux = below(2) === 0;
      const image = linux ? linuxImage(fileBytes, { imageSize: BigInt(memoryBytes) }) : rawCode(fileBytes);
      const file = below(3) === 0 ? undefined : initrd(size());
      let booted: Booted;
      try {
        booted = await bench.boot({ image: kernel(image), ...(file && { initrd: file }) }, 1 + below(8));
      } catch (error) {
        if (!(error instanceof ImageError) || error.problem !== 'does-not-fit')
          throw new Error(where, { cause: error });
        continue;
      }
      placed++;
      const ranges = [
        { base: booted.entry, size: linux ? memoryBytes : fileBytes },
        { base: booted.deviceTree, size: booted.treeBytes.length },
        initrdOf(booted) ?? { base: 0, size: 0 },
      ];
      ranges.forEach((x, n) => {
        if (x.size > 0 && !bench.guest.contains(x.base, x.size, 'write')) throw new Error(`${where}: not in RAM`);
        for (const y of ranges.slice(n + 1))
          if (x.base < y.base + y.size && y.base < x.base + x.size) throw new Error(`${where}: overlap`);
      });
      // Everything is still intact after the whole boot has been written.
      if (!holds(bench, booted.entry, image)) throw new Error(`${where}: image damaged`);
      if (file && !holds(bench, (initrdOf(booted) as AddressRange).base, file.bytes))
        throw new Error(`${where}: initial file system damaged`);
      expect([where, booted.deviceTree % 8, linux ? booted.entry % (2 * MIB) : 0]).toEqual([where, 0, 0]);
    }
    expect(placed).toBeGreaterThan(30);
  });
});
