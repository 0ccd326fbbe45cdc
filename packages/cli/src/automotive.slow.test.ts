import { fileURLToPath } from 'node:url';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';
import { Workspace } from './run-qvm.test.helper.js';

/** The example of a car with two architectures, started as its README says. */

const LIMIT_MS = 20 * 60_000;
const SYSTEM = fileURLToPath(new URL('../../../examples/automotive/system-mixed.qvmconf', import.meta.url));

const space = new Workspace();
afterAll(() => space.dispose());
beforeAll(() => fetchGuest('debian-amd64'), LIMIT_MS);

it(
  'an x86_64 Linux drives with an arm64 safety VM, over shared memory and a switch',
  async () => {
    const env = { QVM_GUESTS: guestCacheDirectory(process.env) };
    const { exitCode, stdout, stderr } = await space.qvm(['start', SYSTEM], { env });
    expect([exitCode, stderr.replaceAll(/^.*(warning|information).*\n/gim, '')]).toEqual([0, expect.anything()]);
    expect(stdout).toMatch(/ADAS-START client 1, doorbell uio/);
    expect(stdout).toMatch(/3 packets received/);
    expect(stdout).toMatch(/ADAS-DONE 16 exchanges, 0 wrong, speed \d+ km\/h/);
    // The safety VM rings once for each sample, and Linux waited for them.
    expect(stdout).toMatch(/: +\d+ .*IO-APIC.* uio_pci_generic/);
    expect(stdout).toMatch(/bye: 16 exchanges, 0 errors, 3 echoes\s+.*SAFETY-DONE/);
  },
  LIMIT_MS,
);
