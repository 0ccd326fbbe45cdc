import { readFileSync } from 'node:fs';
import { LinuxGuest } from './linux-guest.test.helper.js';

/* Debian's 32-bit kernel, with segments, paging by PAE, SYSENTER and x87. */

const LIMIT_MS = 20 * 60_000;
const TESTDATA = new URL('../../guests/testdata/', import.meta.url);

const boot = (more: Partial<Parameters<typeof LinuxGuest.boot>[0]> = {}): Promise<LinuxGuest> =>
  LinuxGuest.boot({
    guest: 'debian-i386',
    ram: 2 ** 29,
    words: 'mitigations=off qvm.mods=none',
    initrd: 'initramfs.cpio.gz',
    ...more,
  });

async function powerOff(guest: LinuxGuest): Promise<void> {
  guest.type('poweroff -f');
  expect(await guest.vm.exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
  await guest.stop();
}

it(
  'a stock Debian kernel for i386 boots in the interpreter, and powers off',
  async () => {
    const guest = await boot({ engine: 'interp' });
    expect(await guest.run('uname -m')).toBe('i686');
    await powerOff(guest);
  },
  LIMIT_MS,
);

describe('a stock Debian kernel for i386, translated', () => {
  let guest: LinuxGuest;
  beforeAll(async () => {
    guest = await boot({ onReset: 'restart' });
  }, LIMIT_MS);
  afterAll(() => guest.stop());

  it(
    'computes what it computes in QEMU',
    async () => {
      // Recorded by packages/guests/scripts/record-selftest.mjs.
      const expected = readFileSync(new URL('selftest-cpu-i386.expected', TESTDATA), 'utf8');
      expect(await guest.run('selftest-cpu')).toBe(expected.trimEnd());
    },
    LIMIT_MS,
  );

  it(
    'boots again when it is rebooted, and powers off',
    async () => {
      guest.type('reboot -f');
      await guest.ready();
      expect(guest.vm.stats().resets).toBe(1);
      await powerOff(guest);
    },
    LIMIT_MS,
  );
});
