/**
 * Scan codes of set 2 by the key's W3C name (UI Events KeyboardEvent code Values); an extended code has 0xe0 in the
 * byte above it. From the IBM PS/2 Hardware Interface Technical Reference, "Keyboard scan codes".
 */
const CODES: Readonly<Record<string, number>> = {
  ...{ KeyA: 0x1c, KeyB: 0x32, KeyC: 0x21, KeyD: 0x23, KeyE: 0x24, KeyF: 0x2b, KeyG: 0x34, KeyH: 0x33, KeyI: 0x43 },
  ...{ KeyJ: 0x3b, KeyK: 0x42, KeyL: 0x4b, KeyM: 0x3a, KeyN: 0x31, KeyO: 0x44, KeyP: 0x4d, KeyQ: 0x15, KeyR: 0x2d },
  ...{ KeyS: 0x1b, KeyT: 0x2c, KeyU: 0x3c, KeyV: 0x2a, KeyW: 0x1d, KeyX: 0x22, KeyY: 0x35, KeyZ: 0x1a },
  ...{ Digit0: 0x45, Digit1: 0x16, Digit2: 0x1e, Digit3: 0x26, Digit4: 0x25 },
  ...{ Digit5: 0x2e, Digit6: 0x36, Digit7: 0x3d, Digit8: 0x3e, Digit9: 0x46 },
  ...{ Backquote: 0x0e, Minus: 0x4e, Equal: 0x55, BracketLeft: 0x54, BracketRight: 0x5b, Backslash: 0x5d },
  ...{ Semicolon: 0x4c, Quote: 0x52, Comma: 0x41, Period: 0x49, Slash: 0x4a, IntlBackslash: 0x61 },
  ...{ Space: 0x29, Tab: 0x0d, Enter: 0x5a, Backspace: 0x66, Escape: 0x76 },
  ...{ ShiftLeft: 0x12, ShiftRight: 0x59, ControlLeft: 0x14, ControlRight: 0xe014, AltLeft: 0x11, AltRight: 0xe011 },
  ...{ MetaLeft: 0xe01f, MetaRight: 0xe027, ContextMenu: 0xe02f },
  ...{ CapsLock: 0x58, NumLock: 0x77, ScrollLock: 0x7e },
  ...{ F1: 0x05, F2: 0x06, F3: 0x04, F4: 0x0c, F5: 0x03, F6: 0x0b },
  ...{ F7: 0x83, F8: 0x0a, F9: 0x01, F10: 0x09, F11: 0x78, F12: 0x07 },
  ...{ Insert: 0xe070, Delete: 0xe071, Home: 0xe06c, End: 0xe069, PageUp: 0xe07d, PageDown: 0xe07a },
  ...{ ArrowUp: 0xe075, ArrowDown: 0xe072, ArrowLeft: 0xe06b, ArrowRight: 0xe074 },
  ...{ Numpad0: 0x70, Numpad1: 0x69, Numpad2: 0x72, Numpad3: 0x7a, Numpad4: 0x6b },
  ...{ Numpad5: 0x73, Numpad6: 0x74, Numpad7: 0x6c, Numpad8: 0x75, Numpad9: 0x7d },
  ...{ NumpadAdd: 0x79, NumpadSubtract: 0x7b, NumpadMultiply: 0x7c, NumpadDivide: 0xe04a },
  ...{ NumpadDecimal: 0x71, NumpadEnter: 0xe05a },
};

const EXTENDED = 0xe0;
const BREAK = 0xf0;

/** Two keys of early PCs that send special sequences. */
const SEQUENCES: Readonly<Record<string, { readonly make: readonly number[]; readonly break: readonly number[] }>> = {
  PrintScreen: { make: [0xe0, 0x12, 0xe0, 0x7c], break: [0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12] },
  // Sends its whole sequence when pressed, and nothing when released.
  Pause: { make: [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77], break: [] },
};

/**
 * Scan code of a pressed or released key; `undefined` if the keyboard has no such key.
 *
 * @internal
 */
export function scanCode(code: string, pressed: boolean): readonly number[] | undefined {
  const sequence = Object.hasOwn(SEQUENCES, code) ? SEQUENCES[code] : undefined;
  if (sequence !== undefined) return pressed ? sequence.make : sequence.break;
  const value = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (value === undefined) return undefined;
  const prefix = value >>> 8 === 0 ? [] : [EXTENDED];
  return pressed ? [...prefix, value & 0xff] : [...prefix, BREAK, value & 0xff];
}
