import { createVdev, describeVdevContract, MockVirtioDriver, runScript } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { checksumFactory } from './index.js';

const DIGITS = new TextEncoder().encode('123456789');
/** The check value of this CRC. */
const DIGITS_CRC = [0x26, 0x39, 0xf4, 0xcb];

function startDriver(harness: VdevHarness, packed: boolean): MockVirtioDriver {
  const driver = new MockVirtioDriver(harness, { packed });
  driver.start();
  return driver;
}

describeVdevContract(checksumFactory, {
  change: (harness) => {
    startDriver(harness, false)
      .queue(0)
      .transfer({ read: [DIGITS], write: [4] });
  },
});

describe.each([false, true])('@acme/vdev-checksum, packed %p', (packed) => {
  it('answers, however the bytes are cut', () => {
    for (const read of [[DIGITS], [DIGITS.subarray(0, 2), DIGITS.subarray(2)]]) {
      const harness = createVdev(checksumFactory, { options: { packed } });
      const driver = startDriver(harness, packed);
      const { written, room } = driver.queue(0).transfer({ read, write: [1, 3] });
      expect([written, ...room]).toEqual([4, ...DIGITS_CRC]);
      expect(driver.acknowledgeInterrupt()).toBe(1);
      expect(harness.vdev.status()).toMatchObject({ device: { answered: 1 } });
    }
  });

  it('gives back what it cannot answer', () => {
    const harness = createVdev(checksumFactory, { options: { packed, most: 8 } });
    const driver = startDriver(harness, packed);
    expect(driver.readConfig(0)).toBe(8);
    expect(driver.queue(0).transfer({ read: [DIGITS], write: [4] }).written).toBe(0);
    expect(driver.queue(0).transfer({ read: [DIGITS.subarray(1)], write: [3] }).written).toBe(0);
    expect(driver.queue(0).transfer({ write: [4] }).written).toBe(4);
  });
});

describe('@acme/vdev-checksum in a VM', () => {
  it('is found by its magic value, version and number', async () => {
    const { exit } = await runScript({
      vdevs: [{ factory: checksumFactory }],
      script: ['expect 0x0a000000 0x74726976', 'expect 0x0a000004 2', 'expect 0x0a000008 63', 'poweroff'],
    });
    expect(exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
  });
});
