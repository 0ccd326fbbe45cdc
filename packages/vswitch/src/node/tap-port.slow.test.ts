import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { QvmError, silentLogger } from '@qvm/core';
import { type NetworkPort } from '@qvm/core/services';
import { openTap } from './tap-port.js';

/**
 * With permission to administrate networks, and with koffi installed, frames reach Linux and come back. Otherwise, the
 * error has the reason.
 */

const NAME = 'qvmtest0';
function open(): NetworkPort | QvmError {
  try {
    return openTap(NAME, silentLogger);
  } catch (error) {
    if (error instanceof QvmError) return error;
    throw error;
  }
}

/** A frame to a station that does not exist, with an experimental type (IEEE 802, 9.2.3). */
function experimentalFrame(): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  return frame;
}

function readText(name: string): string {
  return readFileSync(`/sys/class/net/${NAME}/${name}`, 'utf8').trim();
}

function addressOf(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (byte) => parseInt(byte, 16));
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition();) {
    if (Date.now() > end) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a TAP device of this host', () => {
  it('passes frames to Linux and back, or is refused with the reason', async () => {
    const port = open();
    if (port instanceof QvmError) {
      console.log(`NOT TESTED: frames to Linux. ${port.message}`);
      expect(port.code).toBe('network.tap-unavailable');
      return;
    }
    try {
      const received: Uint8Array[] = [];
      port.onReceive((frame) => {
        received.push(frame.slice());
        return true;
      });
      expect(spawnSync('ip', ['link', 'set', NAME, 'up']).status).toBe(0);
      expect(port.send(experimentalFrame())).toBe(true);
      expect(readText('statistics/rx_packets')).toBe('1');
      expect(readText('statistics/rx_bytes')).toBe('60');
      // An interface that comes up announces itself through IPv6.
      await until(() => received.length > 0);
      expect(received[0]?.subarray(6, 12)).toEqual(addressOf(readText('address')));
      expect(port.counters).toMatchObject({ sentFrames: 1, sendDrops: 0 });
    } finally {
      port.close();
    }
    // The device is removed with its last user.
    await until(() => !existsSync(`/sys/class/net/${NAME}`));
  });
});
