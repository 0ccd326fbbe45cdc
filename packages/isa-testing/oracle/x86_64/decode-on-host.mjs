// Decodes byte strings by the processor of this machine.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LONGEST = 15;
const source = fileURLToPath(new URL('decode.c', import.meta.url));

/** @returns for each string the length of its first instruction, or 0 if it raises #UD. */
export function decodeOnHost(strings, temporary) {
  const program = join(temporary, 'decode');
  if (!existsSync(program)) execFileSync('gcc', ['-O1', '-o', program, source]);
  const input = Buffer.concat(strings.map((bytes) => bytes.subarray(0, LONGEST)));
  return [...execFileSync(program, { input, maxBuffer: 2 ** 28 })];
}
