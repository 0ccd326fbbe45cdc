// Disassembles byte strings, each on its own, with GNU objdump.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A string, then as many NOPs, after which objdump is at the beginning of the next string whatever it saw in this one. */
const SLOT = 32;
const NOP = 0x90;
const MACHINES = { 64: 'i386:x86-64', 32: 'i386', 16: 'i8086' };

/**
 * @param strings - arrays of at most 16 bytes.
 * @param temporary - a folder for a file.
 * @returns for each: its first instruction as text, and the instruction's length in bytes.
 */
export function objdump(strings, bits, temporary) {
  const image = Buffer.alloc(strings.length * SLOT, NOP);
  strings.forEach((bytes, i) => image.set(bytes, i * SLOT));
  const file = join(temporary, 'strings.bin');
  writeFileSync(file, image);
  const options = ['-D', '-z', '-w', '--no-show-raw-insn', '-b', 'binary', '-m', MACHINES[bits]];
  const output = execFileSync('objdump', [...options, '-M', bits === 64 ? 'intel,intel64' : 'intel', file], {
    encoding: 'latin1',
    maxBuffer: 2 ** 30,
  });
  return linesOf(output, strings.length);
}

function linesOf(output, count) {
  const found = new Array(count);
  let slot = -1;
  let from = output.indexOf('<.data>:') + 8;
  for (;;) {
    const to = output.indexOf('\n', from);
    if (to < 0) break;
    const line = output.slice(from, to);
    from = to + 1;
    const colon = line.indexOf(':\t');
    if (colon < 0) continue;
    const address = Number.parseInt(line.slice(0, colon), 16);
    if (slot >= 0) found[slot].length = address - slot * SLOT;
    slot = -1;
    if (address % SLOT !== 0) continue;
    slot = address / SLOT;
    found[slot] = { text: line.slice(colon + 2).trimEnd(), length: 1 };
  }
  for (let i = 0; i < count; i++) if (!found[i]) throw new Error(`objdump shows no instruction for string ${i}`);
  return found;
}
