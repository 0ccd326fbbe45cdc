/**
 * A layout of pixels in memory, little-endian.
 *
 * @internal
 */
export interface PixelFormat {
  /** Name in options, as in Linux' DRM (drm_fourcc.h). */
  readonly name: string;
  /** Code of DRM: four characters, the first in the lowest byte. */
  readonly fourcc: string;
  /** Name in Linux' binding for simple-framebuffer; absent if it has none. */
  readonly simpleFramebuffer?: string;
  readonly bytes: 2 | 3 | 4;
  /** First bit and number of bits of red, green and blue. */
  readonly channels: readonly [Channel, Channel, Channel];
}

type Channel = readonly [shift: number, bits: number];

const RGB888_CHANNELS = [
  [16, 8],
  [8, 8],
  [0, 8],
] as const;
const BGR888_CHANNELS = [
  [0, 8],
  [8, 8],
  [16, 8],
] as const;
const RGB565_CHANNELS = [
  [11, 5],
  [5, 6],
  [0, 5],
] as const;
const XRGB1555_CHANNELS = [
  [10, 5],
  [5, 5],
  [0, 5],
] as const;

/**
 * Supported formats. Alpha is ignored, because there is no background.
 *
 * @internal
 */
export const PIXEL_FORMATS: readonly PixelFormat[] = [
  { name: 'xrgb8888', fourcc: 'XR24', simpleFramebuffer: 'x8r8g8b8', bytes: 4, channels: RGB888_CHANNELS },
  { name: 'argb8888', fourcc: 'AR24', simpleFramebuffer: 'a8r8g8b8', bytes: 4, channels: RGB888_CHANNELS },
  { name: 'xbgr8888', fourcc: 'XB24', bytes: 4, channels: BGR888_CHANNELS },
  { name: 'abgr8888', fourcc: 'AB24', simpleFramebuffer: 'a8b8g8r8', bytes: 4, channels: BGR888_CHANNELS },
  { name: 'rgb888', fourcc: 'RG24', simpleFramebuffer: 'r8g8b8', bytes: 3, channels: RGB888_CHANNELS },
  { name: 'rgb565', fourcc: 'RG16', simpleFramebuffer: 'r5g6b5', bytes: 2, channels: RGB565_CHANNELS },
  { name: 'xrgb1555', fourcc: 'XR15', simpleFramebuffer: 'x1r5g5b5', bytes: 2, channels: XRGB1555_CHANNELS },
];

/** The format of a DRM code; `undefined` for an unknown one. @internal */
export function formatOfCode(code: number): PixelFormat | undefined {
  const fourcc = String.fromCharCode(code & 0xff, (code >>> 8) & 0xff, (code >>> 16) & 0xff, code >>> 24);
  return PIXEL_FORMATS.find((format) => format.fourcc === fourcc);
}

/**
 * Converts a row of pixels to red, green, blue and 255.
 *
 * @internal
 */
export function convertRow(format: PixelFormat, row: Uint8Array, rgba: Uint8Array, to: number, width: number): void {
  const { bytes, channels } = format;
  for (let x = 0; x < width; x++) {
    const pixel = pixelAt(row, x * bytes, bytes);
    const out = to + x * 4;
    channels.forEach((channel, index) => (rgba[out + index] = component(pixel, channel)));
    rgba[out + 3] = 0xff;
  }
}

function pixelAt(row: Uint8Array, at: number, bytes: number): number {
  let pixel = 0;
  for (let index = bytes - 1; index >= 0; index--) pixel = (pixel << 8) | (row[at + index] ?? 0);
  return pixel;
}

/** Scales a component to eight bits, so that the brightest value is 255. */
function component(pixel: number, [shift, bits]: Channel): number {
  const maximum = (1 << bits) - 1;
  return Math.round((((pixel >>> shift) & maximum) * 255) / maximum);
}
