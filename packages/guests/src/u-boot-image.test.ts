import { rawArm64Image } from './kernel-image.js';
import { uBootImage } from './u-boot-image.js';

const U_BOOT = Uint8Array.of(1, 2, 3, 4, 5);
const AT = 0x1000;

/** Target of an unconditional branch. */
function target(view: DataView, at: number): number {
  const word = view.getUint32(at, true);
  expect(word >>> 26).toBe(5);
  return at + ((word << 6) >> 4);
}

// The command's slow tests verify the instructions by booting U-Boot with them.
describe('uBootImage', () => {
  it('is a kernel image with U-Boot in it', () => {
    const image = uBootImage(U_BOOT);
    expect(rawArm64Image(image)).toBe(image);
    expect(image.subarray(AT)).toEqual(U_BOOT);
    const view = new DataView(image.buffer);
    expect([view.getBigUint64(8, true), view.getBigUint64(16, true)]).toEqual([0x8_0000n, 0x10_1005n]);
  });

  it('goes from its first instruction over the header, and in the end to U-Boot', () => {
    const view = new DataView(uBootImage(U_BOOT).buffer);
    expect(target(view, 0)).toBe(64);
    expect(target(view, 64 + 40)).toBe(AT);
    expect(view.getUint32(64 + 44, true)).toBe(0);
  });
});
