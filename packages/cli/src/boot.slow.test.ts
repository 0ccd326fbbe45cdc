import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fetchGuest } from '@qvm/guests';

/** The whole of qvm with real input: an unmodified Debian kernel, started by the command like a user does. */

const QVM = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
const LINUX = fileURLToPath(new URL('../../../examples/linux.qvmconf', import.meta.url));
const QEMU_TREE = fileURLToPath(new URL('../../arch-aarch64/testdata/qemu-virt.dtb', import.meta.url));
const EXPECTED = fileURLToPath(new URL('../../guests/testdata/selftest-cpu.expected', import.meta.url));

/** Several times the duration on a slow machine: in the interpreter, selftest-cpu takes minutes. */
const BOOT_LIMIT_MS = 15 * 60_000;

interface Outcome {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs `qvm` with a text as its stdin. */
function qvm(args: readonly string[], input: string): Promise<Outcome> {
  const child = spawn(process.execPath, [QVM, ...args], { timeout: BOOT_LIMIT_MS, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) =>
      resolve({ exitCode, lines: output.stdout.split(/\r*\n/), stderr: output.stderr }),
    );
  });
}

/** The lines between a command's `RUN` and `RUN-RC` marks. */
function outputOf(command: string, { lines, stderr }: Outcome): readonly string[] {
  const begin = lines.indexOf(`RUN ${command}`);
  const end = lines.findIndex((line, index) => index > begin && line.startsWith('RUN-RC '));
  if (begin < 0 || end < 0)
    throw new Error(`${command} did not run. The console ends with:\n${tail(lines)}\n${stderr}`);
  return lines.slice(begin + 1, end);
}

function tail(lines: readonly string[]): string {
  return lines.slice(-20).join('\n');
}

/** Kernel parameters that make the guest run commands when it is ready; `+` is a blank. */
function running(...commands: readonly string[]): string {
  return `console=ttyAMA0 quiet qvm.run=${[...commands, 'poweroff -f'].join(',').replaceAll(' ', '+')}`;
}

describe('a stock Debian kernel', () => {
  beforeAll(() => fetchGuest('debian-arm64'), BOOT_LIMIT_MS);

  it(
    'boots, computes what every correct machine computes, and powers off',
    async () => {
      const outcome = await qvm(['start', '--alone', LINUX, '--cmdline', running('selftest-cpu')], '');
      expect(outputOf('selftest-cpu', outcome)).toEqual(readFileSync(EXPECTED, 'utf8').trimEnd().split('\n'));
      expect(outcome.lines).toContainEqual(expect.stringMatching(/^GUEST-READY aarch64 /));
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    },
    BOOT_LIMIT_MS,
  );

  it(
    'runs what is piped into its shell',
    async () => {
      const outcome = await qvm(['start', '--alone', LINUX], 'uname -a; poweroff -f\n');
      expect(outcome.lines).toContainEqual(expect.stringMatching(/^Linux guest \S+ .* aarch64 /));
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    },
    BOOT_LIMIT_MS,
  );

  it(
    'brings up a second CPU',
    async () => {
      const outcome = await qvm(
        ['start', '--alone', LINUX, '--set', 'cpus=2', '--cmdline', running('cat /proc/cpuinfo')],
        '',
      );
      const cpus = outputOf('cat /proc/cpuinfo', outcome).filter((line) => line.startsWith('processor'));
      expect(cpus).toHaveLength(2);
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    },
    BOOT_LIMIT_MS,
  );

  it(
    "boots with a given device tree: QEMU's, for other memory, CPUs and initial file system",
    async () => {
      const fitted = ['--set', `dtb=${QEMU_TREE}`, '--set', 'cpus=2', '--set', 'ram=384M'];
      const outcome = await qvm(
        ['start', '--alone', LINUX, ...fitted, '--cmdline', running('cat /proc/cpuinfo', 'cat /proc/meminfo')],
        '',
      );
      expect(outputOf('cat /proc/cpuinfo', outcome).filter((line) => line.startsWith('processor'))).toHaveLength(2);
      const [, kilobytes] = /^MemTotal: +(\d+) kB$/.exec(outputOf('cat /proc/meminfo', outcome)[0] ?? '') ?? [];
      // The kernel reserves some tens of MiB for itself.
      expect(Number(kilobytes)).toBeGreaterThan(320 << 10);
      expect(Number(kilobytes)).toBeLessThan(384 << 10);
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    },
    BOOT_LIMIT_MS,
  );
});
