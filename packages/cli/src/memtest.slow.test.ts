import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchGuest } from '@qvm/guests';
import { GuestSession } from './guest-session.test.helper.js';

/** memtest86+ has the form of a Linux kernel without a kernel in it: it is entered in 64-bit and in protected mode. */

const LIMIT_MS = 10 * 60_000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'qvm-memtest-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('memtest86+', () => {
  it.each(['x64', 'ia32'])(
    'of kind %s finds its memory, and no errors in it',
    async (kind) => {
      const { files } = await fetchGuest('memtest86plus');
      const image = files[`memtest-${kind}.bin`] ?? '';
      const config = join(folder, 'vm.qvmconf');
      writeFileSync(config, `system memtest ram 8M load ${image} cmdline "console=ttyS0,115200 nosmp"\n`);
      const session = new GuestSession(config);
      // After the tests of addresses and of moving patterns of 8 bits, which take less time than the screen is drawn in.
      await session.until('#6  [');
      await session.kill();
      expect(session.output).toMatch(/\[\d+(\.\d+)?MB of \d+(\.\d+)?MB\]/);
      const errors = [...session.output.matchAll(/Errors: *(\d+)/g)].map(([, count]) => count);
      expect(errors.length).toBeGreaterThan(0);
      expect(new Set(errors)).toEqual(new Set(['0']));
    },
    LIMIT_MS,
  );
});
