import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../lib/failure.mjs';
import { temporaryFolder } from './temporary.mjs';

const FOLDER = fileURLToPath(new URL('./kernels/x86_64/', import.meta.url));
/** A compiler for x86-64, by the architecture of the host. */
const COMPILER = process.arch === 'x64' ? 'gcc' : 'x86_64-linux-gnu-gcc';
const OPTIONS =
  '-O2 -fno-tree-vectorize -mno-red-zone -ffreestanding -fno-builtin -fno-math-errno -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack';

/** The bare-metal guests of each width of code: options of the compiler, and the file that enters main. */
const WIDTHS = {
  x86_64: { options: '-m64 -march=x86-64', start: 'start.S' },
  i386: { options: '-m32 -march=pentium4 -mfpmath=sse', start: 'start-i386.S' },
};

/** Names of the compute kernels, in the order in which they run. */
const KERNEL_NAMES = [...readFileSync(join(FOLDER, 'kernels.c'), 'utf8').matchAll(/^ *\{"([\w-]+)", \w+, \d+\}/gm)].map(
  ([, name]) => name,
);

/** Compiles files of `kernels/x86_64` to an ELF file; returns its bytes. */
function compiled({ options, start }, files, definitions = []) {
  const elf = join(temporaryFolder(), 'guest.elf');
  const sources = [start, ...files].map((file) => join(FOLDER, file));
  const flags = [...options.split(' '), ...OPTIONS.split(' '), ...definitions];
  try {
    execFileSync(COMPILER, [...flags, '-T', join(FOLDER, 'link.ld'), '-o', elf, ...sources]);
  } catch (error) {
    throw new Failure(`bare-metal guests of x86 need ${COMPILER} and binutils: ${error.message}`);
  }
  return readFileSync(elf);
}

/** The bare-metal guests of `x86_64` or `i386`. */
export function imagesOf(architecture) {
  const width = WIDTHS[architecture];
  return {
    KERNEL_NAMES,
    /** A kernel of a few instructions: prints one character and powers off. */
    firstOutputImage: () => compiled(width, ['first-output.c']),
    /** The compute kernels as one bare-metal image. Their work is divided by `divisor`. */
    kernelImage: (divisor) => compiled(width, ['runtime.c', 'kernels.c'], [`-DDIVISOR=${divisor}`]),
  };
}
