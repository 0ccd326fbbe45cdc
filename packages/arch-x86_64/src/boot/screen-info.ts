import type { BootScreen } from '@qvm/core/architecture';
import { Record } from './record.js';

// Linux, include/uapi/linux/screen_info.h.
const INFO_BYTES = 0x40;
const Field = {
  mode: 0x06,
  columns: 0x07,
  egaInfo: 0x0a,
  rows: 0x0e,
  kind: 0x0f,
  characterHeight: 0x10,
  width: 0x12,
  height: 0x14,
  depth: 0x16,
  base: 0x18,
  units: 0x1c,
  stride: 0x24,
  channels: 0x26,
  capabilities: 0x36,
  highBase: 0x3a,
} as const;
const TEXT_80_25 = 3;
/** Any VGA, as the setup code of kernels says. */
const VGA = 1;
/** 256 KiB, colour, no switches: what the BIOS call for EGA information gives for a VGA. */
const EGA_INFO = 0x0003;
const VESA_LINEAR = 0x23;
const UNIT = 0x1_0000;
/** The address has 64 bits. */
const WIDE_BASE = 1 << 1;

/** The `screen_info` at the start of the zero page; zeros when the guest finds no screen. */
export function screenInfo(screen: BootScreen | undefined): Uint8Array {
  const record = new Record(INFO_BYTES);
  if (screen?.kind === 'text') {
    record
      .u8(Field.mode, TEXT_80_25)
      .u8(Field.columns, screen.columns)
      .u16(Field.egaInfo, EGA_INFO)
      .u8(Field.rows, screen.rows)
      .u8(Field.kind, VGA)
      .u16(Field.characterHeight, screen.characterHeight);
  } else if (screen !== undefined) {
    const { address, width, height, stride, pixelBytes, channels } = screen;
    record
      .u8(Field.kind, VESA_LINEAR)
      .u16(Field.width, width)
      .u16(Field.height, height)
      .u16(Field.depth, 8 * pixelBytes)
      .u32(Field.base, address % 2 ** 32)
      .u32(Field.highBase, Math.floor(address / 2 ** 32))
      .u32(Field.capabilities, WIDE_BASE)
      .u32(Field.units, Math.ceil((stride * height) / UNIT))
      .u16(Field.stride, stride);
    channels.forEach(([shift, bits], index) =>
      record.u8(Field.channels + 2 * index, bits).u8(Field.channels + 2 * index + 1, shift),
    );
  }
  return record.bytes;
}
