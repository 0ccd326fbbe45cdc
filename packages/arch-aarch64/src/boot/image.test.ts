import { gzipSync } from 'node:zlib';
import { ElfMachine, ImageError } from '@qvm/core/architecture';
import { createRandom, randomSeed } from '@qvm/testing';
import { elfImage, linuxImage, pattern, zbootImage } from './image-file.test.helper.js';
import { readImage } from './image.js';

const read = (bytes: Uint8Array, limit = 1 << 24) => readImage({ name: 'kernel.img', bytes }, limit);
const text = (content: string, at = 0, length = 0x400): Uint8Array => {
  const bytes = pattern(length);
  bytes.set(new TextEncoder().encode(content), at);
  return bytes;
};
const MIB = 1 << 20;

describe('readImage', () => {
  it('recognises an arm64 Image, which takes as much memory as its header says', async () => {
    const bytes = linuxImage(0x1000, { imageSize: 0x3000n, textOffset: 0x8_0000n });
    const expected = { format: 'linux', bytes, size: 0x3000, alignment: 2 * MIB, offset: 0x8_0000 };
    expect(await read(bytes)).toEqual(expected);
    expect(await read(new Uint8Array(gzipSync(bytes)))).toEqual(expected);
    expect(await read(zbootImage(new Uint8Array(gzipSync(bytes)), 'gzip'))).toEqual(expected);
  });

  it('never gives an Image less memory than its file has', async () => {
    expect(await read(linuxImage(0x1000, { imageSize: 0x10n }))).toMatchObject({ size: 0x1000 });
  });

  it('puts a kernel from before 3.17 where those go, whatever its offset seems to be', async () => {
    const old = linuxImage(0x1000, { imageSize: 0n, textOffset: 0x0000_0800_0000_0000n });
    expect(await read(old)).toMatchObject({ format: 'linux', offset: 0x8_0000, size: 0x1000 });
  });

  it('takes an Image whose PE sections are all there, and one without a PE header', async () => {
    const whole = linuxImage(0x1000, {
      pe: {
        at: 0x40,
        sections: [
          [0x200, 0x800],
          [0xa00, 0x600],
        ],
      },
    });
    await expect(read(whole)).resolves.toMatchObject({ format: 'linux' });
    const notPe = linuxImage(0x1000);
    new DataView(notPe.buffer).setUint32(0x3c, 0xffff_fff0, true);
    await expect(read(notPe)).resolves.toMatchObject({ format: 'linux' });
  });

  it('finds the physical entry of an ELF file by its virtual one', async () => {
    const image = elfImage(0xffff_8000_0801_0004n, [
      { physical: 0x4020_0000, virtual: 0xffff_8000_0800_0000n, memorySize: 0x10 },
      { physical: 0x4021_0000, virtual: 0xffff_8000_0801_0000n, memorySize: 0x200 },
    ]);
    const found = await read(image);
    if (found.format !== 'elf') throw new Error('not taken for an ELF file');
    expect(found.entry).toBe(0x4021_0004);
    expect(found.segments.map(({ address, bytes, size }) => [address, bytes.length, size])).toEqual([
      [0x4020_0000, 16, 0x10],
      [0x4021_0000, 16, 0x200],
    ]);
  });

  it('takes an ELF entry that is physical already', async () => {
    const image = elfImage(0x4020_0008n, [{ physical: 0x4020_0000, virtual: 0xffff_8000_0000_0000n }]);
    expect(await read(image)).toMatchObject({ format: 'elf', entry: 0x4020_0008 });
  });

  it('takes for code what can be it', async () => {
    const bytes = Uint8Array.of(0x1f, 0x20, 0x03, 0xd5);
    expect(await read(bytes)).toEqual({ format: 'raw', bytes, size: 4, alignment: 0x1000, offset: 0x8_0000 });
    // U-Boot begins like this: a branch over data.
    const branch = pattern(0x80).fill(0xff, 4);
    branch.set([0x0a, 0x00, 0x00, 0x14, 0xff]);
    await expect(read(branch)).rejects.toMatchObject({ code: 'image.unknown-format' });
    for (let at = 0x28; at < 0x80; at += 4) branch.set([0x1f, 0x20, 0x03, 0xd5], at);
    expect(await read(branch)).toMatchObject({ format: 'raw' });
    // The target of a conditional branch or a branch with link is not followed.
    expect(await read(Uint8Array.of(0x40, 0x00, 0x00, 0xb4, 0xff, 0xff, 0xff, 0xff))).toMatchObject({ format: 'raw' });
    // A loop.
    expect(await read(Uint8Array.of(0x00, 0x00, 0x00, 0x14))).toMatchObject({ format: 'raw' });
  });

  it.each<[string, Uint8Array, string]>([
    ['a host name', text('debian\n', 0, 7), 'kernel.img is a text, not an image.'],
    ['a configuration', new TextEncoder().encode('{ "name": "größe" }\n'), 'kernel.img is a text, not an image.'],
    [
      'a picture',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      'as code, its bytes from 0x0 on are no A64 instruction.',
    ],
    ['an empty disk', new Uint8Array(512), 'as code, its bytes from 0x0 on are no A64 instruction.'],
    [
      'data after an instruction',
      Uint8Array.of(0x1f, 0x20, 0x03, 0xd5, 0, 0, 0, 0),
      'its bytes from 0x4 on are no A64 instruction.',
    ],
    ['half an instruction', Uint8Array.of(0x1f, 0x20, 0x03), 'its bytes from 0x0 on are missing.'],
  ])('does not take %s for code', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'image.unknown-format',
      message: expect.stringContaining(message) as string,
    });
  });

  it('unpacks no more than there is room for', async () => {
    const packed = new Uint8Array(gzipSync(linuxImage(0x10000)));
    await expect(read(packed, 0xffff)).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(read(packed, 0x10000)).resolves.toMatchObject({ format: 'linux' });
  });

  const sections = { at: 0x40, sections: [[0x200, 0x1000]] as const };
  it.each<[string, Uint8Array, string]>([
    ['image.truncated', new Uint8Array(0), 'kernel.img is empty.'],
    [
      'image.truncated',
      linuxImage(0x1000, { pe: sections }),
      'kernel.img has 0x1000 bytes (4 KiB) but its header needs 0x1200 bytes (4.5 KiB): copy it again.',
    ],
    [
      'image.truncated',
      linuxImage(0x200, {
        pe: {
          at: 0x40,
          sections: [
            [0, 0],
            [0, 0],
          ],
        },
      }).subarray(0, 0x60),
      '',
    ],
    [
      'image.truncated',
      zbootImage(pattern(100), 'gzip').subarray(0, 100),
      'kernel.img has 0x64 bytes but its header needs 0xa4 bytes: copy it again.',
    ],
    [
      'image.wrong-endianness',
      linuxImage(0x1000, { flags: 1n }),
      'kernel.img is a big-endian kernel; only little-endian ones run.',
    ],
    [
      'image.bad-header',
      linuxImage(0x1000, { imageSize: 1n << 48n }),
      'kernel.img has an arm64 header with impossible sizes: image size 0x1000000000000, text offset 0x0.',
    ],
    ['image.bad-header', linuxImage(0x1000, { textOffset: 2n ** 64n - 1n }), ''],
    ['image.wrong-machine', text('HdrS', 0x202), 'kernel.img is an x86 Linux kernel (bzImage), not an arm64 image.'],
    [
      'image.wrong-machine',
      text('\x18\x28\x6f\x01', 0x24),
      'kernel.img is a 32-bit ARM Linux kernel (zImage), not an arm64 image.',
    ],
    ['image.wrong-machine', text('RSC\x05', 0x38), 'kernel.img is a RISC-V Linux kernel, not an arm64 image.'],
    [
      'image.wrong-machine',
      elfImage(0n, [{ physical: 0 }], ElfMachine.X86_64),
      'kernel.img is for X86_64, not for AArch64.',
    ],
    [
      'image.wrong-class',
      elfImage(0n, [{ physical: 0 }], ElfMachine.AArch64, 1),
      'kernel.img is not a 64-bit ELF file.',
    ],
    [
      'image.bad-header',
      elfImage(0x8000n, [{ physical: 0x1000 }]),
      'kernel.img begins at 0x8000, which is in none of its segments.',
    ],
    [
      'image.bad-gzip',
      new Uint8Array(gzipSync(linuxImage(0x1000))).subarray(0, 200),
      'kernel.img is not a whole gzip file.',
    ],
    [
      'image.unknown-format',
      text('BZh9'),
      'kernel.img is compressed with bzip2; decompress it first (only gzip is understood).',
    ],
    [
      'image.unknown-format',
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0),
      'kernel.img is compressed with zstd; decompress it first (only gzip is understood).',
    ],
    [
      'image.unknown-format',
      zbootImage(pattern(100), 'zstd'),
      'kernel.img is an EFI zboot image compressed with "zstd"; only gzip is understood.',
    ],
    ['image.unknown-format', text('070701'), 'kernel.img is a cpio archive: an initial file system, not a kernel.'],
    [
      'image.unknown-format',
      Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed),
      'kernel.img is a device tree or a FIT image, not a kernel.',
    ],
  ])('refuses with %s (%#)', async (code, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({ code, ...(message && { message }) });
    await expect(read(bytes)).rejects.toBeInstanceOf(ImageError);
  });

  it('answers hostile headers with an image or an ImageError, never with anything else', async () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    const below = (limit: number): number => random() % limit;
    const bases = [
      linuxImage(0x400, { pe: { at: 0x40, sections: [[0x200, 0x200]] } }),
      elfImage(0x1000n, [{ physical: 0x1000 }, { physical: 0x2000 }]),
      zbootImage(new Uint8Array(gzipSync(linuxImage(0x100))), 'gzip'),
      new Uint8Array(gzipSync(linuxImage(0x100))),
    ];
    for (let i = 0; i < 1500; i++) {
      const base = bases[i % bases.length] as Uint8Array;
      const bytes = base.slice(0, below(4) === 0 ? below(base.length + 1) : base.length);
      for (let n = below(8); n >= 0; n--) {
        // Extreme values of whole 32-bit fields as well as single bytes.
        const at = below(Math.min(bytes.length, 0xc0));
        const fill = [0, 0xff, 0x7f, 0x80, below(256)][below(5)] as number;
        bytes.fill(fill, at, at + ([1, 4, 8][below(3)] as number));
      }
      try {
        const image = await read(bytes);
        const sizes =
          image.format === 'elf'
            ? image.segments.map(({ bytes: b, size }) => size - b.length)
            : [image.size - image.bytes.length];
        if (sizes.some((size) => !(size >= 0))) throw new Error('less memory than bytes');
      } catch (error) {
        if (!(error instanceof ImageError))
          throw new Error(`seed ${seed}, case ${i}: ${String(error)}`, { cause: error });
      }
    }
  });
});
