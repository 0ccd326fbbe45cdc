import { contentsOf, ImageError, isElf, isGzip } from '@qvm/core/architecture';
import type { X86Image } from './x86-image.js';
import { isBzImage } from './setup-header.js';

const FOUR_GIB = 2 ** 32;
const MIB = 2 ** 20;
const FIRMWARE_LIMIT = 16 * MIB;
/** Firmware is a whole number of pages. */
const FIRMWARE_UNIT = 0x1000;
const RESET_OFFSET = 0x10;
/** The part of the firmware that a PC shows below 1 MiB, too. */
const LOW_COPY = 0x2_0000;
/**
 * JMP with 8 and 16 bits, far JMP. Only these lead away from the reset vector. Firmware may have other instructions
 * before them: SeaBIOS has none, U-Boot CLI and CLD, EDK II a test of CR0.PE.
 */
const JUMPS = new Set([0xeb, 0xe9, 0xea]);

/** Whether an image is firmware: whole pages that no other format has, with a jump at the reset vector. */
export function isFirmware(image: Uint8Array): boolean {
  return !isElf(image) && !isGzip(image) && !isBzImage(image) && hasResetVector(image);
}

function hasResetVector(bytes: Uint8Array): boolean {
  const vector = bytes.subarray(Math.max(0, bytes.length - RESET_OFFSET));
  return (
    bytes.length >= FIRMWARE_UNIT &&
    bytes.length <= FIRMWARE_LIMIT &&
    bytes.length % FIRMWARE_UNIT === 0 &&
    vector.some((byte) => JUMPS.has(byte))
  );
}

/**
 * Places firmware: it ends at 4 GiB, and the last part of it is below 1 MiB as well.
 *
 * @throws `ImageError` `image.unknown-format` when it has no jump at the reset vector, or another size.
 */
export function readFirmware(bytes: Uint8Array, name: string): X86Image {
  if (!hasResetVector(bytes)) {
    throw new ImageError(
      'unknown-format',
      `${name} is no image for x86: neither a bzImage, nor an ELF file, nor firmware with a jump at the reset vector.`,
    );
  }
  const low = bytes.subarray(Math.max(0, bytes.length - LOW_COPY));
  const whole = (address: number, content: Uint8Array) => ({
    address,
    contents: contentsOf(content),
    size: content.length,
  });
  const segments = [whole(MIB - low.length, low), whole(FOUR_GIB - bytes.length, bytes)];
  return { protocol: 'firmware', entry: FOUR_GIB - RESET_OFFSET, segments };
}
