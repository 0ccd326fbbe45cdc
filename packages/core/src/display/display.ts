import { createToken, type Token } from '../plugin/token.js';

/**
 * The screen of a guest.
 *
 * @beta
 */
export interface Display {
  /** The current picture; `undefined` while the guest has not set up the display. */
  capture(): DisplayImage | undefined;
}

/**
 * A picture: rows from top to bottom, 4 bytes for each pixel (red, green, blue, 255).
 *
 * @beta
 */
export interface DisplayImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
  /** Rows from the top, four bytes for each pixel: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
}

/**
 * Keyboard and mouse of a VM.
 *
 * @beta
 */
export interface InputDevices {
  /**
   * Types a text on a US keyboard. Returns the characters that could not be typed: no key makes them, or the guest
   * accepts no keys now.
   */
  type(text: string): string;
  /**
   * Presses or releases a key by its W3C `code` value (`Enter`, `KeyA`, `ShiftLeft`).
   *
   * @throws `QvmError` `input.key` when the keyboard has no such key.
   */
  key(code: string, pressed: boolean): void;
  /** Moves the mouse to the right and downwards, and sets its buttons (bit 0 left, 1 right, 2 middle). */
  pointer(dx: number, dy: number, buttons: number): void;
}

/** The display of a VM. @beta */
export const DISPLAY: Token<Display> = createToken('@qvm/core/Display');
/** Keyboard and mouse of a VM. @beta */
export const INPUT_DEVICES: Token<InputDevices> = createToken('@qvm/core/InputDevices');
