import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';

/** The results of a guest must not depend on the tier that runs it. */

const QVM = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
const example = (name: string): string => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
/** Another tuning of the second tier, selected by `QVM_TEST_TIER`. */
const PLUGIN = fileURLToPath(new URL('../../sdk/dist/tier-plugin.test.helper.js', import.meta.url));
const EXPECTED = fileURLToPath(new URL('../../guests/testdata/selftest-cpu.expected', import.meta.url));
/** Without regions the commands take many times longer. */
const LIMIT_MS = 60 * 60_000;

/** A guest: its configuration, and its kernel command line without the command. */
interface Guest {
  readonly name: 'debian-arm64' | 'debian-amd64';
  readonly file: string;
  readonly cmdline: string;
}

const ARM64: Guest = { name: 'debian-arm64', file: example('linux.qvmconf'), cmdline: 'console=ttyAMA0 quiet' };
const AMD64: Guest = {
  name: 'debian-amd64',
  file: example('linux-x86_64.qvmconf'),
  cmdline: 'console=ttyS0 quiet mitigations=off init_on_alloc=0 lsm= ima=off cryptomgr.notests audit=0 qvm.mods=none',
};

interface Outcome {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/**
 * Boots Debian, runs a command in it and powers it off. Translations of earlier runs are not used unless `environment` says
 * otherwise.
 */
function runGuest(
  guest: Guest,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const cmdline = `${guest.cmdline} qvm.run=${command},poweroff+-f`;
  const env = { ...process.env, QVM_TRANSLATIONS: 'off', ...environment };
  const all = [QVM, 'start', '--alone', guest.file, '--cmdline', cmdline, ...args];
  const child = spawn(process.execPath, all, { env, timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) =>
      resolve({ exitCode, lines: output.stdout.split(/\r*\n/), stderr: output.stderr }),
    );
  });
}

/** Events of the host: ends of turns of its loop, and its measurements. */
const OF_THE_HOST = /:STEP_|:CYCLES |:VCPU_STATE |cause:(?:schedule|budget)\b/;
const HOST_TIMES = /^t:\S+ | clockcycles_offset:\S+/g;

/**
 * The events of a guest in a trace: their number, and a hash over them and the instruction counts at which they
 * occurred.
 */
async function guestEvents(trace: string): Promise<{ readonly events: number; readonly hash: string }> {
  const child = spawn(process.execPath, [QVM, 'trace', 'print', trace], { stdio: ['ignore', 'pipe', 'inherit'] });
  const hash = createHash('sha256');
  let events = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (OF_THE_HOST.test(line)) continue;
    hash.update(line.replace(HOST_TIMES, '')).update('\n');
    events++;
  }
  return { events, hash: hash.digest('hex') };
}

describe('selftest-cpu', () => {
  beforeAll(() => fetchGuest(ARM64.name), LIMIT_MS);

  it.each(['eager', 'never'])(
    'computes the same where the second tier translates: %s',
    async (tier) => {
      const { exitCode, lines, stderr } = await runGuest(ARM64, 'selftest-cpu', ['--plugin', PLUGIN], {
        QVM_TEST_TIER: tier,
      });
      const begin = lines.indexOf('RUN selftest-cpu') + 1;
      const end = lines.findIndex((line) => line.startsWith('RUN-RC '));
      expect(lines.slice(begin, end)).toEqual(readFileSync(EXPECTED, 'utf8').trimEnd().split('\n'));
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    },
    LIMIT_MS,
  );
});

describe.each([ARM64, AMD64])('a boot of $name that counts its instructions', (guest) => {
  beforeAll(() => fetchGuest(guest.name), LIMIT_MS);

  const folder = mkdtempSync(join(tmpdir(), 'qvm-tiers-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'does the same at the same instruction in both engines',
    async () => {
      const [one, other] = [join(folder, 'interp.kev'), join(folder, 'wasm.kev')] as const;
      const command = 'cat+/proc/interrupts';
      const interpreted = await runGuest(guest, command, ['--icount', '--engine', 'interp', '--trace', one]);
      const translated = await runGuest(guest, command, ['--icount', '--engine', 'wasm', '--trace', other]);
      expect(translated.lines).toEqual(interpreted.lines);
      expect(interpreted.exitCode).toBe(0);
      const expected = await guestEvents(one);
      expect(expected.events).toBeGreaterThan(100_000);
      expect(await guestEvents(other)).toEqual(expected);
    },
    LIMIT_MS,
  );

  it(
    'does the same with translations of earlier runs',
    async () => {
      // The folder of guests has the translations, too: this one begins without.
      const guests = mkdtempSync(join(folder, 'guests-'));
      symlinkSync(join(guestCacheDirectory(), guest.name), join(guests, guest.name));
      const kept = { QVM_GUESTS: guests, QVM_TRANSLATIONS: 'on' };
      const run = async (name: string, environment: Readonly<Record<string, string>>) => {
        const trace = join(folder, `${name}.kev`);
        const { lines, exitCode } = await runGuest(guest, 'true', ['--icount', '--trace', trace], environment);
        expect(exitCode).toBe(0);
        return { lines, trace: await guestEvents(trace) };
      };
      const expected = await run('without', {});
      expect(await run('first', kept)).toEqual(expected);
      expect(readdirSync(join(guests, 'translations')).length).toBeGreaterThan(0);
      expect(await run('second', kept)).toEqual(expected);
    },
    LIMIT_MS,
  );
});
