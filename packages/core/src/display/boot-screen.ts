import { createToken, type Token } from '../plugin/token.js';

/**
 * The screen that a guest finds when it starts, as firmware would have left it. Boot protocols without a description of devices tell
 * the kernel of it (x86: the `screen_info` of Linux).
 *
 * @experimental
 */
export type BootScreen =
  | {
      /** The text screen of a VGA, at its usual address. */
      readonly kind: 'text';
      /** Characters in a row. */
      readonly columns: number;
      /** Number of rows. */
      readonly rows: number;
      /** Height of a character in pixels. */
      readonly characterHeight: number;
    }
  | {
      /** A linear frame buffer. */
      readonly kind: 'linear';
      /** Guest-physical address. */
      readonly address: number;
      /** Pixels in a row. */
      readonly width: number;
      /** Number of rows. */
      readonly height: number;
      /** Bytes from row to row. */
      readonly stride: number;
      /** Bytes of a pixel. */
      readonly pixelBytes: number;
      /** First bit and number of bits of red, green and blue in a pixel, little-endian. */
      readonly channels: readonly (readonly [shift: number, bits: number])[];
    };

/**
 * The screen at the start of the guest; a vdev offers it.
 *
 * @experimental
 */
export const BOOT_SCREEN: Token<BootScreen> = createToken('@qvm/core/BootScreen');
