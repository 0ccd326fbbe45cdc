import { readFileSync } from 'node:fs';
import { assemble } from '@qvm/asm-aarch64';

/** Where the programs' headers stand. */
const BASE = 0x400000;

/** A static Linux program of `programs/`, as an ELF file. */
export function programNamed(name) {
  const text = readFileSync(new URL(`./programs/${name}.s`, import.meta.url), 'utf8');
  return assemble(text, { origin: BASE }).bytes;
}
