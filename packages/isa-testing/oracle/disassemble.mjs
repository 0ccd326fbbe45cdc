// Disassembles instruction words with objdump.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of each word; `undefined` if objdump does not decode it. `directory` is for a temporary file. */
export function disassemble(words, directory, options = []) {
  const file = join(directory, 'words.bin');
  writeFileSync(file, Buffer.from(Uint32Array.from(words).buffer));
  const text = execFileSync(
    'aarch64-linux-gnu-objdump',
    ['-D', '-b', 'binary', '-m', 'aarch64', '-z', ...options, file],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    },
  );
  const lines = [...text.matchAll(/^\s*([0-9a-f]+):\t([0-9a-f]{8}) \t(.*)$/gm)];
  if (lines.length !== words.length) throw new Error(`objdump gave ${lines.length} lines for ${words.length} words`);
  return lines.map(([, , , instruction]) =>
    /^\.(inst|word)|undefined/.test(instruction) ? undefined : instruction.replace(/\s+/g, ' ').trim(),
  );
}
