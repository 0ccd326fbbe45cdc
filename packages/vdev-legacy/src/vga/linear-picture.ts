import type { DisplayImage } from '@qvm/core/services';
import { convertRow, PIXEL_FORMATS, type PixelFormat } from '../ramfb/pixel-format.js';
import type { LinearMode } from './dispi.js';
import { scaled } from './text-picture.js';

/** Names of pixel formats by bits of a pixel; eight bits are colours of the palette. */
const FORMATS: Readonly<Record<number, string>> = { 15: 'xrgb1555', 16: 'rgb565', 24: 'rgb888', 32: 'xrgb8888' };

/** Reads the picture of a mode, which lies in the memory completely. */
export function linearPicture(memory: Uint8Array, mode: LinearMode, palette: Uint8Array): DisplayImage {
  const { width, height, bits, stride, offset } = mode;
  const rgba = new Uint8Array(width * height * 4);
  const format = PIXEL_FORMATS.find(({ name }) => name === FORMATS[bits]);
  for (let y = 0; y < height; y++) {
    const row = memory.subarray(offset + y * stride, offset + y * stride + rowBytes(width, format));
    if (format === undefined) convertIndices(row, palette, rgba, y * width * 4);
    else convertRow(format, row, rgba, y * width * 4, width);
  }
  return { width, height, rgba };
}

const rowBytes = (width: number, format: PixelFormat | undefined): number => width * (format?.bytes ?? 1);

function convertIndices(row: Uint8Array, palette: Uint8Array, rgba: Uint8Array, to: number): void {
  row.forEach((index, x) => {
    for (let channel = 0; channel < 3; channel++)
      rgba[to + x * 4 + channel] = scaled(palette[index * 3 + channel] ?? 0);
    rgba[to + x * 4 + 3] = 0xff;
  });
}
