import { QvmError, silentLogger } from '@qvm/core';
import { openTap } from './tap-port.js';

/** The device itself is tested in tap-port.slow.test.ts, which needs permission. */

const describeFailure = (load: () => never): QvmError => {
  try {
    openTap('qvm0', silentLogger, load);
  } catch (error) {
    if (error instanceof QvmError) return error;
  }
  throw new Error('no QvmError');
};

describe('a TAP device that cannot be had', () => {
  it('says that a package is missing', () => {
    const { code, message } = describeFailure(() => {
      throw new Error("Cannot find module 'koffi'\nRequire stack:\n- /somewhere");
    });
    expect(code).toBe('network.tap-unavailable');
    expect(message).toBe(
      "The TAP device qvm0 is not available: it takes the package koffi: Cannot find module 'koffi'.",
    );
  });

  it('says what the system said, and closes what it opened', () => {
    const descriptors: number[] = [];
    const system = {
      ioctl: (descriptor: number, request: number, argument: Uint8Array) => {
        descriptors.push(descriptor);
        expect([request, argument[16], argument[17]]).toEqual([0x400454ca, 0x02, 0x10]);
        expect(new TextDecoder().decode(argument.subarray(0, 5))).toBe('qvm0\0');
        return 1;
      },
      readable: () => Promise.resolve(false),
    };
    let thrown: unknown;
    try {
      openTap('qvm0', silentLogger, () => system);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'network.tap-unavailable' });
    // If the machine has no such file, opening it has failed.
    expect(String(thrown)).toMatch(descriptors.length === 1 ? /: no permission\.$/ : /tun cannot be opened/);
  });
});
