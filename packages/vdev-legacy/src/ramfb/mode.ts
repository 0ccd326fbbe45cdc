import { QvmError } from '@qvm/core';
import type { DisplayImage } from '@qvm/core/services';
import type { GuestMemory } from '@qvm/core/vdev';
import { convertRow, PIXEL_FORMATS } from './pixel-format.js';
import type { PixelFormat } from './pixel-format.js';

/** Largest width and height in pixels. */
export const MAX_SIDE = 16_384;
const DEFAULT_FORMAT = 'xrgb8888';

/**
 * Size and layout of a picture in guest RAM.
 *
 * @internal
 */
export interface DisplayMode {
  readonly width: number;
  readonly height: number;
  /** Distance between rows in bytes. */
  readonly stride: number;
  readonly format: PixelFormat;
}

/** Location and layout of a picture in guest RAM. @internal */
export interface FrameBuffer extends DisplayMode {
  readonly address: number;
}

/** Number of bytes from the first to the last pixel. @internal */
export function bytesOf({ width, height, stride, format }: DisplayMode): number {
  return (height - 1) * stride + width * format.bytes;
}

/**
 * Parses a mode in the form of an option: `WIDTHxHEIGHT` or `WIDTHxHEIGHT-FORMAT`.
 *
 * @throws {@link QvmError} `display.mode`.
 * @internal
 */
export function parseMode(text: string): DisplayMode {
  const [, width = '', height = '', name = DEFAULT_FORMAT] = /^(\d{1,5})x(\d{1,5})(?:-([a-z0-9]+))?$/.exec(text) ?? [];
  const format = PIXEL_FORMATS.find((known) => known.name === name);
  const sides = [Number(width), Number(height)] as const;
  if (format?.simpleFramebuffer === undefined || !sides.every((side) => side > 0 && side <= MAX_SIDE)) {
    const names = PIXEL_FORMATS.filter((known) => known.simpleFramebuffer !== undefined).map((known) => known.name);
    const hint = `say WIDTHxHEIGHT, up to ${MAX_SIDE} each, and perhaps one of -${names.join(', -')}`;
    throw new QvmError('display.mode', `${JSON.stringify(text)} is no display mode: ${hint}`);
  }
  return { width: sides[0], height: sides[1], stride: sides[0] * format.bytes, format };
}

/** Formats a mode for an option. @internal */
export function formatMode({ width, height, format }: DisplayMode): string {
  return `${width}x${height}${format.name === DEFAULT_FORMAT ? '' : `-${format.name}`}`;
}

/** The reason why a frame buffer of the guest cannot be shown; `undefined` if it can. @internal */
export function modeProblem(frame: FrameBuffer, memory: GuestMemory): string | undefined {
  const { width, height, stride, format } = frame;
  if (![width, height].every((side) => side > 0 && side <= MAX_SIDE)) return `${width} × ${height} pixels`;
  if (stride < width * format.bytes) return `a stride of ${stride} bytes for ${width} pixels`;
  return memory.contains(frame.address, bytesOf(frame), 'read') ? undefined : 'not all of it is RAM';
}

/** Reads the picture. The caller must have checked the frame buffer. @internal */
export function captureFrame(frame: FrameBuffer, memory: GuestMemory): DisplayImage {
  const { width, height, stride, format, address } = frame;
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const row = memory.read(address + y * stride, width * format.bytes);
    convertRow(format, row, rgba, y * width * 4, width);
  }
  return { width, height, rgba };
}
