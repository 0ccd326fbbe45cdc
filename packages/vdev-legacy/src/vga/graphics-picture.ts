import type { DisplayImage } from '@qvm/core/services';
import { PLANE_BYTES } from './planes.js';
import type { VgaState } from './registers.js';
import { scaled } from './text-picture.js';

const GRAPHICS_MODE = 1;
/** Pixels of 8 bits, each shifted out in two clocks (graphics controller, register 5). */
const BYTE_PIXELS = 0x40;
const DOUBLE_SCAN = 0x80;
const DOTS = 8;

/** A graphics mode of a VGA. */
interface GraphicsShape {
  readonly width: number;
  readonly height: number;
  readonly pixelBits: 4 | 8;
  /** Of the first pixel, in units of a byte of each plane. */
  readonly start: number;
  /** Bytes of each plane from row to row. */
  readonly pitch: number;
}

/** The picture of a graphics mode with 16 or 256 colours; `undefined` in text modes. */
export function graphicsPicture(planes: Uint8Array, state: Readonly<VgaState>): DisplayImage | undefined {
  const shape = shapeOf(state);
  if (shape === undefined) return undefined;
  const { width, height } = shape;
  const rgba = new Uint8Array(width * height * 4).fill(0xff);
  const indexAt = shape.pixelBits === 8 ? byteAt : bitsAt;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colourOf(indexAt(planes, shape, x, y), shape, state) * 3;
      const to = (y * width + x) * 4;
      for (let channel = 0; channel < 3; channel++) rgba[to + channel] = scaled(state.palette[colour + channel] ?? 0);
    }
  }
  return { width, height, rgba };
}

function shapeOf({ crt, graphics }: Readonly<VgaState>): GraphicsShape | undefined {
  if (((graphics[6] ?? 0) & GRAPHICS_MODE) === 0) return undefined;
  const register = (index: number): number => crt[index] ?? 0;
  const overflow = register(0x07);
  const lines = (register(0x12) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const repeats = (register(0x09) & 0x1f) + 1 + (register(0x09) & DOUBLE_SCAN ? 1 : 0);
  const height = Math.floor(lines / repeats);
  const dots = (register(0x01) + 1) * DOTS;
  const pixelBits = ((graphics[5] ?? 0) & BYTE_PIXELS) === 0 ? 4 : 8;
  return {
    width: pixelBits === 8 ? dots / 2 : dots,
    height,
    pixelBits,
    start: (register(0x0c) << 8) | register(0x0d),
    pitch: register(0x13) * 2,
  };
}

/** Four pixels of eight bits are the bytes of the four planes. */
function byteAt(planes: Uint8Array, { start, pitch }: GraphicsShape, x: number, y: number): number {
  return planes[((start + y * pitch) * 4 + x) % PLANE_BYTES] ?? 0;
}

/** Eight pixels of four bits are the bits of the bytes of the four planes, the leftmost the highest. */
function bitsAt(planes: Uint8Array, { start, pitch }: GraphicsShape, x: number, y: number): number {
  const at = ((start + y * pitch + (x >> 3)) * 4) % PLANE_BYTES;
  const bit = 7 - (x & 7);
  let index = 0;
  for (let plane = 0; plane < 4; plane++) index |= (((planes[at + plane] ?? 0) >> bit) & 1) << plane;
  return index;
}

/** Colours of four bits go through the attribute controller. */
function colourOf(
  index: number,
  { pixelBits }: GraphicsShape,
  { attributes, paletteMask }: Readonly<VgaState>,
): number {
  return (pixelBits === 8 ? index : (attributes[index] ?? 0) & 0x3f) & paletteMask;
}
