import { gzipSync } from 'node:zlib';
import { GuestFormatError } from './errors.js';
import { bootableKernel, bzImage, rawArm64Image } from './kernel-image.js';

const image = Buffer.alloc(4096, 1);
image.write('MZ', 0);
image.write('ARM\x64', 56);

function zboot(payload: Uint8Array, compression: string): Buffer {
  const head = Buffer.alloc(64);
  head.write('MZ\0\0zimg', 0);
  head.writeUInt32LE(64, 8);
  head.writeUInt32LE(payload.length, 12);
  head.write(compression, 24);
  return Buffer.concat([head, payload, Buffer.alloc(32)]);
}

describe('rawArm64Image', () => {
  it('gives the Image itself, whatever it is wrapped in', () => {
    expect(rawArm64Image(image)).toEqual(image);
    expect(Buffer.from(rawArm64Image(gzipSync(image)))).toEqual(image);
    expect(Buffer.from(rawArm64Image(zboot(gzipSync(image), 'gzip')))).toEqual(image);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another kernel', Buffer.alloc(4096)],
    ['a truncated gzip', gzipSync(image).subarray(0, 20)],
    ['a zboot with unknown compression', zboot(image, 'zstd22')],
    ['a truncated zboot', zboot(gzipSync(image), 'gzip').subarray(0, 70)],
    ['a zboot header alone', zboot(gzipSync(image), 'gzip').subarray(0, 20)],
  ])('refuses %s', (_, bytes) => {
    expect(() => rawArm64Image(bytes)).toThrow(GuestFormatError);
  });
});

describe('bzImage', () => {
  const kernel = Buffer.alloc(1024);
  kernel.writeUInt16LE(0xaa55, 0x1fe);
  kernel.write('HdrS', 0x202);

  it('gives the file as it is', () => {
    expect(bzImage(kernel)).toBe(kernel);
    expect(bootableKernel('amd64', kernel)).toBe(kernel);
    expect(bootableKernel('i386', kernel)).toBe(kernel);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a file that ends before the magic number', kernel.subarray(0, 0x205)],
    ['a boot sector without a kernel', Buffer.from(kernel).fill(0, 0x202, 0x206)],
    ['a kernel without the mark of a boot sector', Buffer.from(kernel).fill(0, 0x1fe, 0x200)],
    ['an arm64 kernel', image],
  ])('refuses %s', (_, bytes) => {
    expect(() => bootableKernel('amd64', bytes)).toThrow(GuestFormatError);
  });
});
