import { runScript } from '@qvm/testing';
import { thermometerFactory } from './index.js';

describe('@acme/vdev-thermometer in a VM', () => {
  it('wakes a guest that waits for the alarm', async () => {
    const { exit, time, status } = await runScript({
      vdevs: [{ factory: thermometerFactory, options: { temperature: 18_000 } }],
      script: [
        'expect 0x0c000000 0x51544d31',
        'expect 0x0c000008 18000',
        '# LIMIT, then heater and interrupt on.',
        'write 0x0c00000c 18500',
        'write 0x0c000004 3',
        'interrupt 144',
        'expect 0x0c000010 1',
        'expect 0x0c000008 18500',
        'poweroff',
      ],
    });
    expect(exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    expect(Math.round(time / 1e6)).toBe(500);
    expect(Object.values(status)).toEqual([{ temperature: 18_500, heater: true, alarm: true }]);
  });
});
