import { readFileSync } from 'node:fs';
import { assemble } from '@qvm/asm-aarch64';

const FOLDER = new URL('./kernels/', import.meta.url);
/** Where both boards load an Image whose text_offset is 0x80000. */
const ORIGIN = 0x40080000;

/** The kernels: their name, the file, the function in it, and the passes of half a second to a second in QEMU. */
const KERNELS = [
  { name: 'fnv1a', passes: 3000 },
  { name: 'sha256', passes: 10000 },
  { name: 'sieve', passes: 300 },
  { name: 'heapsort', passes: 250 },
  { name: 'matrix', passes: 625 },
  { name: 'chase-256k', file: 'chase', entry: 'chase_256k', passes: 1750 },
  { name: 'chase-8m', file: 'chase', entry: 'chase_8m', passes: 30 },
  { name: 'fibonacci', passes: 1000 },
  { name: 'mandelbrot', passes: 200 },
  { name: 'nbody', passes: 6250 },
  { name: 'saxpy', passes: 3750 },
  { name: 'bytecount', passes: 25000 },
  { name: 'statemachine', passes: 30000 },
  { name: 'strings', passes: 75000 },
];

/** Names of the compute kernels, in the order in which they run. */
export const KERNEL_NAMES = KERNELS.map(({ name }) => name);

const source = (file) => readFileSync(new URL(`${file}.s`, FOLDER), 'utf8');

/** Assembles parts into one image: the header, source files by name, and more text. */
function imageOf(files, text = '') {
  const parts = ['image-header', ...files].map(source);
  const { bytes } = assemble([...parts, text, '.balign 8\nend_of_image:\n'].join('\n'), { origin: ORIGIN });
  return bytes;
}

/** A kernel of a few instructions: prints one character and powers off. */
export function firstOutputImage() {
  return imageOf(['first-output']);
}

/** Prints the same and then waits for ever. */
export function idleImage() {
  return imageOf(['idle']);
}

/** The compute kernels as one bare-metal image. Their work is divided by `divisor`. */
export function kernelImage(divisor) {
  return imageWithTable(KERNELS, divisor);
}

/** What `copyImage` copies each time, and how often. */
export const COPY_MIB = 1;
export const COPY_PASSES = 2000;

/** Copies within RAM and to a shared region at 0x46100000. */
export function copyImage(divisor) {
  const copy = (name, entry) => ({ name, file: 'copy', entry, passes: COPY_PASSES });
  return imageWithTable([copy('ram', 'copy_ram'), copy('shared', 'copy_shared')], divisor);
}

const REQUESTS = 1000;

/** Measures the way from a kick to its interrupt, of the one VirtIO device that there is. */
export function notifyImage(divisor) {
  return imageWithTable([{ name: 'notify', passes: REQUESTS }], divisor);
}

/** The runtime with kernels and the table of them: name, function and passes of each. */
function imageWithTable(list, divisor) {
  const kernels = list.map(({ name, file = name, entry = name, passes }) => ({ name, file, entry, passes }));
  const entries = kernels.map(
    ({ entry, passes }) =>
      `.word ${entry}_name - kernel_table, ${entry} - kernel_table\n.quad ${passesOf(passes, divisor)}`,
  );
  const names = kernels.map(({ name, entry }) => `${entry}_name: .asciz "${name}"`);
  const table = ['.balign 8', 'kernel_table:', ...entries, '.quad 0, 0', ...names].join('\n');
  return imageOf(['runtime', ...new Set(kernels.map(({ file }) => file))], table);
}

/** Number of passes for a scaled-down run. */
export const passesOf = (passes, divisor) => Math.max(1, Math.round(passes / divisor));
