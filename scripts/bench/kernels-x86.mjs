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
  '-O2 -march=x86-64 -fno-tree-vectorize -mno-red-zone -ffreestanding -fno-builtin -fno-math-errno -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack';

/** Names of the compute kernels, in the order in which they run. */
export const KERNEL_NAMES = [
  ...readFileSync(join(FOLDER, 'kernels.c'), 'utf8').matchAll(/^ *\{"([\w-]+)", \w+, \d+\}/gm),
].map(([, name]) => name);

/** Compiles files of `kernels/x86_64` to an ELF file; returns its bytes. */
function compiled(files, definitions = []) {
  const folder = temporaryFolder();
  const elf = join(folder, 'guest.elf');
  const sources = files.map((file) => join(FOLDER, file));
  try {
    execFileSync(COMPILER, [
      ...OPTIONS.split(' '),
      ...definitions,
      '-T',
      join(FOLDER, 'link.ld'),
      '-o',
      elf,
      ...sources,
    ]);
  } catch (error) {
    throw new Failure(`bare-metal guests of x86-64 need ${COMPILER} and binutils: ${error.message}`);
  }
  return readFileSync(elf);
}

/** A kernel of a few instructions: prints one character and powers off. */
export const firstOutputImage = () => compiled(['start.S', 'first-output.c']);

/** The compute kernels as one bare-metal image. Their work is divided by `divisor`. */
export const kernelImage = (divisor) => compiled(['start.S', 'runtime.c', 'kernels.c'], [`-DDIVISOR=${divisor}`]);
