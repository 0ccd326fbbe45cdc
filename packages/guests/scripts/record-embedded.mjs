/**
 * Writes testdata/embedded.expected, the output of the embedded guest on QEMU's board. Run with qemu-system-aarch64
 * installed: node packages/guests/scripts/record-embedded.mjs
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedGuest } from '../dist/embedded/index.js';

const directory = await mkdtemp(join(tmpdir(), 'qvm-embedded-'));
try {
  const file = join(directory, 'Image');
  await writeFile(file, embeddedGuest().image);
  const options = ['-M', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-nic', 'none', '-nographic', '-kernel', file];
  const output = execFileSync('qemu-system-aarch64', options, { input: '', timeout: 30_000, encoding: 'utf8' });
  await writeFile(new URL('../testdata/embedded.expected', import.meta.url), output);
  process.stdout.write(output);
} finally {
  await rm(directory, { recursive: true });
}
