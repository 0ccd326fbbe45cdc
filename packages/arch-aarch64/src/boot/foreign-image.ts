import { ImageError, type ImageProblem } from '@qvm/core/architecture';

interface Foreign {
  readonly problem: ImageProblem;
  /** Byte offset of the magic number. */
  readonly at: number;
  readonly mark: readonly number[];
  readonly what: string;
}

const ascii = (text: string): readonly number[] => Array.from(text, (c) => c.charCodeAt(0));
const compressed = (mark: readonly number[], what: string): Foreign => ({
  problem: 'unknown-format',
  at: 0,
  mark,
  what: `is compressed with ${what}; decompress it first (only gzip is understood)`,
});
const foreignKernel = (at: number, mark: readonly number[], what: string): Foreign => ({
  problem: 'wrong-machine',
  at,
  mark,
  what: `is ${what}, not an arm64 image`,
});

/** File formats that are easily mistaken for an arm64 image, by their magic numbers. */
const FOREIGN: readonly Foreign[] = [
  // Linux, Documentation/arch/x86/boot.rst: the setup header's magic number.
  foreignKernel(0x202, ascii('HdrS'), 'an x86 Linux kernel (bzImage)'),
  // Linux, arch/arm/boot/compressed/head.S.
  foreignKernel(0x24, [0x18, 0x28, 0x6f, 0x01], 'a 32-bit ARM Linux kernel (zImage)'),
  // Linux, Documentation/arch/riscv/boot-image-header.rst: "RSC\x05".
  foreignKernel(0x38, [0x52, 0x53, 0x43, 0x05], 'a RISC-V Linux kernel'),
  compressed([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz'),
  compressed([0x28, 0xb5, 0x2f, 0xfd], 'zstd'),
  compressed(ascii('BZh'), 'bzip2'),
  compressed([0x02, 0x21, 0x4c, 0x18], 'lz4'),
  compressed([0x04, 0x22, 0x4d, 0x18], 'lz4'),
  {
    problem: 'unknown-format',
    at: 0,
    mark: [0xd0, 0x0d, 0xfe, 0xed],
    what: 'is a device tree or a FIT image, not a kernel',
  },
  {
    problem: 'unknown-format',
    at: 0,
    mark: [0x27, 0x05, 0x19, 0x56],
    what: 'is a U-Boot image; give the kernel that is inside',
  },
  {
    problem: 'unknown-format',
    at: 0,
    mark: ascii('070701'),
    what: 'is a cpio archive: an initial file system, not a kernel',
  },
];

/**
 * Refuses files of known formats that would only crash as raw code.
 *
 * @throws `ImageError` that names the format.
 * @experimental
 */
export function refuseForeign(bytes: Uint8Array, name: string): void {
  const found = FOREIGN.find(({ at, mark }) => mark.every((byte, i) => bytes[at + i] === byte));
  if (found) throw new ImageError(found.problem, `${name} ${found.what}.`);
}
