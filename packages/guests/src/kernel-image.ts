import { gunzipSync } from 'node:zlib';
import type { GuestArchitecture } from './catalogue.js';
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

/** End of the fields that are checked in the setup header of an x86 kernel (Documentation/arch/x86/boot.rst). */
const SETUP_HEADER_END = 0x206;

/**
 * Checks that a file is the `bzImage` of an x86 kernel, by the boot sector's mark and the setup header's magic number
 * (the kernel's Documentation/arch/x86/boot.rst).
 *
 * @throws GuestFormatError when it is not
 */
export function bzImage(vmlinuz: Uint8Array): Uint8Array {
  const sectorMark = vmlinuz[0x1fe] === 0x55 && vmlinuz[0x1ff] === 0xaa;
  if (vmlinuz.length < SETUP_HEADER_END || !sectorMark || text(vmlinuz, 0x202, 4) !== 'HdrS')
    throw new GuestFormatError('kernel: not an x86 bzImage');
  return vmlinuz;
}

/**
 * The kernel in the file that a distribution installs as `vmlinuz`, in the architecture's format.
 *
 * @throws GuestFormatError when it contains none
 */
export function bootableKernel(architecture: GuestArchitecture, vmlinuz: Uint8Array): Uint8Array {
  return architecture === 'arm64' ? rawArm64Image(vmlinuz) : bzImage(vmlinuz);
}
