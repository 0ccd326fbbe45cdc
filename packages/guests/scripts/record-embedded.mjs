/**
 * Writes testdata/embedded.expected and testdata/embedded-x86_64.expected, the output of the embedded guests on QEMU's boards. Run
 * with qemu-system-aarch64 and qemu-system-x86_64 installed: node packages/guests/scripts/record-embedded.mjs
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedGuest } from '../dist/embedded/index.js';

const MACHINES = [
  {
    architecture: 'aarch64',
    options: ['-M', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-nic', 'none', '-nographic'],
    expected: 'embedded.expected',
  },
  {
    architecture: 'x86_64',
    options: ['-M', 'q35', '-m', '64', '-nodefaults', '-display', 'none', '-serial', 'stdio'],
    expected: 'embedded-x86_64.expected',
  },
];

for (const { architecture, options, expected } of MACHINES) {
  const directory = await mkdtemp(join(tmpdir(), 'qvm-embedded-'));
  try {
    const file = join(directory, 'image');
    await writeFile(file, embeddedGuest(architecture).image);
    const output = execFileSync(`qemu-system-${architecture}`, [...options, '-kernel', file], {
      input: '',
      timeout: 30_000,
      encoding: 'utf8',
    });
    await writeFile(new URL(`../testdata/${expected}`, import.meta.url), output);
    process.stdout.write(output);
  } finally {
    await rm(directory, { recursive: true });
  }
}
