/**
 * Writes testdata/selftest-cpu-i386.expected, what selftest-cpu prints on QEMU's PC with a 32-bit processor: x87 rounds some sums
 * twice, so its line "ieee" is not that of other machines. Needs qemu-system-i386 and the guest debian-i386 (npx qvm guest fetch
 * debian-i386): node packages/guests/scripts/record-selftest.mjs
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { verifyGuest } from '../dist/verify.js';

const LIMIT_MS = 15 * 60_000;
const MACHINE = ['-M', 'q35', '-cpu', 'qemu32', '-m', '512', '-nodefaults', '-display', 'none', '-no-reboot'];
const COMMAND_LINE = 'console=ttyS0 quiet mitigations=off qvm.run=selftest-cpu,poweroff+-f';

const { files } = await verifyGuest('debian-i386');
const output = execFileSync(
  'qemu-system-i386',
  [
    ...MACHINE,
    ...['-serial', 'stdio', '-kernel', files['bzImage'], '-initrd', files['initramfs.cpio.gz']],
    ...['-append', COMMAND_LINE],
  ],
  { input: '', timeout: LIMIT_MS, encoding: 'utf8' },
);
const [, lines] = /^RUN selftest-cpu\n([^]*?)^RUN-RC 0$/m.exec(output.replaceAll('\r', '')) ?? [];
if (lines === undefined) throw new Error(`selftest-cpu did not end well:\n${output}`);
await writeFile(new URL('../testdata/selftest-cpu-i386.expected', import.meta.url), lines);
process.stdout.write(lines);
