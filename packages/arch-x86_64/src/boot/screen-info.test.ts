import { screenInfo } from './screen-info.js';

/** Fields of `struct screen_info`, as Linux' header has them: offset and size. */
const FIELDS = {
  orig_video_mode: [0x06, 1],
  orig_video_cols: [0x07, 1],
  orig_video_ega_bx: [0x0a, 2],
  orig_video_lines: [0x0e, 1],
  orig_video_isVGA: [0x0f, 1],
  orig_video_points: [0x10, 2],
  lfb_width: [0x12, 2],
  lfb_height: [0x14, 2],
  lfb_depth: [0x16, 2],
  lfb_base: [0x18, 4],
  lfb_size: [0x1c, 4],
  lfb_linelength: [0x24, 2],
  red_size: [0x26, 1],
  red_pos: [0x27, 1],
  green_size: [0x28, 1],
  green_pos: [0x29, 1],
  blue_size: [0x2a, 1],
  blue_pos: [0x2b, 1],
  capabilities: [0x36, 4],
  ext_lfb_base: [0x3a, 4],
} as const;

/** The fields that are not zero; everything else must be. */
function fieldsOf(bytes: Uint8Array): Readonly<Record<string, number>> {
  const rest = bytes.slice();
  const entries = Object.entries(FIELDS).map(([name, [offset, size]]) => {
    const value = bytes.slice(offset, offset + size).reduceRight((high, byte) => high * 256 + byte, 0);
    rest.fill(0, offset, offset + size);
    return [name, value] as const;
  });
  expect(rest.some((byte) => byte !== 0)).toBe(false);
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}

describe('screenInfo', () => {
  it('is zeros without a screen', () => {
    expect(fieldsOf(screenInfo(undefined))).toEqual({});
  });

  it('tells a text screen in mode 3', () => {
    expect(fieldsOf(screenInfo({ kind: 'text', columns: 80, rows: 25, characterHeight: 16 }))).toEqual({
      orig_video_mode: 3,
      orig_video_cols: 80,
      orig_video_ega_bx: 3,
      orig_video_lines: 25,
      orig_video_isVGA: 1,
      orig_video_points: 16,
    });
  });

  it('tells a linear frame buffer, above 4 GiB too', () => {
    const channels = [
      [11, 5],
      [5, 6],
      [0, 5],
    ] as const;
    const mode = { address: 0x1_2345_0000, width: 640, height: 400, stride: 1280, pixelBytes: 2, channels };
    expect(fieldsOf(screenInfo({ kind: 'linear', ...mode }))).toEqual({
      orig_video_isVGA: 0x23,
      lfb_width: 640,
      lfb_height: 400,
      lfb_depth: 16,
      lfb_base: 0x2345_0000,
      ext_lfb_base: 1,
      // 512,000 bytes are 8 units of 64 KiB.
      lfb_size: 8,
      lfb_linelength: 1280,
      red_size: 5,
      red_pos: 11,
      green_size: 6,
      green_pos: 5,
      blue_size: 5,
      capabilities: 2,
    });
  });
});
