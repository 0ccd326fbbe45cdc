import { gunzipSync } from 'node:zlib';
import { GuestFormatError } from './errors.js';

/** Largest accepted kernel; a compressed one that claims more is refused. */
const MAX_KERNEL_BYTES = 512 * 1024 * 1024;
const latin1 = new TextDecoder('latin1');

function text(bytes: Uint8Array, at: number, length: number): string {
  return latin1.decode(bytes.subarray(at, at + length));
}

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_KERNEL_BYTES });
  } catch (error) {
    throw new GuestFormatError('kernel: the compressed image is damaged', { cause: error });
  }
}

/** The payload of an EFI zboot image: drivers/firmware/efi/libstub/zboot-header.S in the kernel's source. */
function zbootPayload(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 64) throw new GuestFormatError('kernel: truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = view.getUint32(8, true);
  const size = view.getUint32(12, true);
  const compression = text(bytes, 24, 32).replace(/\0.*$/s, '');
  if (compression !== 'gzip')
    throw new GuestFormatError(`kernel: zboot image compressed with ${JSON.stringify(compression)}`);
  if (offset > bytes.length || size > bytes.length - offset)
    throw new GuestFormatError('kernel: zboot payload outside the file');
  return bytes.subarray(offset, offset + size);
}

/**
 * The raw arm64 `Image` in the file that a distribution installs as `vmlinuz`: the Image itself, compressed with gzip,
 * or in an EFI zboot wrapper. Checked by the magic number at byte 56 (the kernel's
 * Documentation/arch/arm64/booting.rst).
 *
 * @throws GuestFormatError when it contains no such Image
 */
export function rawArm64Image(vmlinuz: Uint8Array): Uint8Array {
  let image = vmlinuz;
  if (text(image, 0, 2) === 'MZ' && text(image, 4, 4) === 'zimg') image = zbootPayload(image);
  if (image[0] === 0x1f && image[1] === 0x8b) image = gunzip(image);
  if (image.length < 64 || text(image, 56, 4) !== 'ARM\x64') throw new GuestFormatError('kernel: not an arm64 Image');
  return image;
}
