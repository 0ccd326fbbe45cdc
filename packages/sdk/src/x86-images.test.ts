import { formatFinding } from '@qvm/config';
import { elfProgram } from '@qvm/testing';
import { createHypervisor, MemoryFileSource } from './index.js';

/* Images that cannot be booted as x86_64 guests, and RAM that does not fit, are findings at their places. */

const SECTOR = 512;

/** A bzImage of two sectors of setup, 64 bytes of code, and a payload (Documentation/arch/x86/boot.rst). */
function bzImage(payload: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * SECTOR + 64 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0x1f1] = 1;
  // LOADED_HIGH: without it, it is a zImage.
  bytes[0x211] = 1;
  view.setUint16(0x1fe, 0xaa55, true);
  bytes.set([0xeb, 0x6a, ...new TextEncoder().encode('HdrS')], 0x200);
  view.setUint16(0x206, 0x20f, true);
  view.setUint32(0x248, 64, true);
  view.setUint32(0x24c, payload.length, true);
  bytes.set(payload, 2 * SECTOR + 64);
  return bytes;
}

const UNKNOWN = Array.from({ length: 2000 }, () => 7);
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0];
const program = (address: number, size = 16): Uint8Array => elfProgram('x86_64', address, new Uint8Array(size));
const ARM = new Uint8Array(4096);
new DataView(ARM.buffer).setUint32(56, 0x644d_5241, true);

async function findingsOf(image: Uint8Array, words: string): Promise<readonly string[]> {
  const hypervisor = createHypervisor({ hostFiles: new MemoryFileSource([['vm.img', image]]) });
  const { findings } = await hypervisor.checkVm({ configText: `load vm.img\n${words}\n`, file: 'f' });
  await hypervisor.dispose();
  return findings.map(formatFinding);
}

describe('an x86_64 VM', () => {
  it.each<[string, Uint8Array, string, RegExp]>([
    ['a bzImage that is cut off', bzImage(UNKNOWN).subarray(0, 1500), 'ram 16M', /^f:1:6: error: vm\.img has .* needs/],
    ['one that is cut off in its header', bzImage([]).subarray(0, 0x230), 'ram 16M', /^f:1:6: error: .*setup header/],
    ['one with an unknown compression', bzImage(UNKNOWN), 'ram 16M', /^f:1:6: error: .* compressed in an unknown way/],
    ['one that qvm cannot unpack', bzImage(ZSTD), 'ram 16M', /^f:1:6: error: .* compressed with zstd; gzip, xz/],
    [
      'a segment in the hole',
      program(0xa_0000),
      'ram 16M',
      /^f:1:6: error: .* at 0xa0000-0xa000f, which is not all RAM/,
    ],
    ['a segment across it', program(0x9_f000, 8192), 'ram 16M', /^f:1:6: error: .* at 0x9f000-0xa0fff, which is not/],
    ['too little RAM', program(0x10_0000), 'ram 512K', /^f:1:6: error: .* RAM at 0x0-0x7ffff/],
    [
      'RAM that reaches into the hole',
      program(0x10_0000),
      'ram 0,3G',
      /^f:2:1: error: The RAM ram0 \(0x0-0xbfffffff\)/,
    ],
    ['an image for Arm', ARM, 'arch x86_64 ram 16M', /^f:1:6: error: vm\.img is no image for x86/],
    [
      'an image for x86 in a VM for Arm',
      program(0x10_0000),
      'arch aarch64 ram 16M',
      /^f:1:6: error: .* for X86_64, not/,
    ],
    ['a board of the other', program(0x10_0000), 'board virt ram 16M', /^f:2:7: error: .* no board "virt" for x86_64/],
  ])('with %s is refused at its place', async (_, image, words, message) => {
    expect(await findingsOf(image, words)).toEqual([expect.stringMatching(message)]);
  });

  it.each([program(0x1_0000), program(0x10_0000)])('with an image that fits is fine', async (image) => {
    expect(await findingsOf(image, 'ram 16M')).toEqual([]);
  });
});
