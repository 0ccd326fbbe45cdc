import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './host.mjs';

const QVM = fileURLToPath(new URL('../../packages/cli/bin/qvm.mjs', import.meta.url));
const QEMU = 'qemu-system-aarch64';
const RAM_MIB = 512;

/**
 * What both sides run: { kernel, initramfs (optional), commandLine }.
 * A side turns it into a command: { command, args }.
 */

/** qvm, started as a user starts it. */
export function qvmSide() {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return {
    key: 'ours',
    version: `qvm ${outputOf(process.execPath, [QVM, '--version']) ?? 'cannot be run: npm run build'}`,
    command({ kernel, initramfs, commandLine }) {
      const file = join(directory, 'guest.qvmconf');
      const ram = [{ size: `${RAM_MIB}M` }];
      const spec = { name: 'bench', image: kernel, ram, cmdline: commandLine, ...(initramfs && { initrd: initramfs }) };
      writeFileSync(file, JSON.stringify(spec));
      return { command: process.execPath, args: [QVM, 'start', file, '--json', '--stats'] };
    },
    /** Engine statistics of a guest that has powered off. */
    statistics: (guest) => JSON.parse(guest.errors.trim().split('\n').at(-1)).stats,
  };
}

/** QEMU with its translator, or undefined where it is not installed. */
export function qemuSide() {
  const version = outputOf(QEMU, ['--version'])?.split('\n')[0];
  if (version === undefined) return undefined;
  const machine = [
    '-M',
    'virt,gic-version=3',
    '-cpu',
    'cortex-a57',
    '-m',
    String(RAM_MIB),
    '-accel',
    'tcg,thread=single',
  ];
  const console = ['-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio'];
  return {
    key: 'theirs',
    version,
    command: ({ kernel, initramfs, commandLine }) => ({
      command: QEMU,
      args: [
        ...machine,
        ...console,
        '-kernel',
        kernel,
        ...(initramfs ? ['-initrd', initramfs] : []),
        '-append',
        commandLine,
      ],
    }),
  };
}
