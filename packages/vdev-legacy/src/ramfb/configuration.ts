import type { FrameBuffer } from './mode.js';
import { formatOfCode } from './pixel-format.js';

/**
 * Size of `etc/ramfb` in bytes: address, format, flags, width, height, stride; all big-endian (QEMU,
 * hw/display/ramfb.c).
 */
export const CONFIGURATION_BYTES = 28;

/**
 * Decodes the contents that a guest has written to `etc/ramfb`; returns a text if the frame buffer cannot be shown.
 *
 * @internal
 */
export function decodeConfiguration(bytes: Uint8Array): FrameBuffer | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, CONFIGURATION_BYTES);
  const address = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const format = formatOfCode(view.getUint32(8));
  if (format === undefined) return `an unknown format, 0x${view.getUint32(8).toString(16)}`;
  // For QEMU, a stride of 0 means rows without gaps.
  return { address, width, height, format, stride: view.getUint32(24) || width * format.bytes };
}
