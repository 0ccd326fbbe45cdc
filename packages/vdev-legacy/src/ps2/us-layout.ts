/**
 * A key and whether shift is held.
 *
 * @internal
 */
export interface KeyStroke {
  readonly code: string;
  readonly shift: boolean;
}

/** The printing keys other than letters: code, character, character with shift. */
const KEYS: readonly (readonly [string, string, string])[] = [
  ...[...'1234567890'].map((digit, index) => [`Digit${digit}`, digit, '!@#$%^&*()'.charAt(index)] as const),
  ['Backquote', '`', '~'],
  ['Minus', '-', '_'],
  ['Equal', '=', '+'],
  ['BracketLeft', '[', '{'],
  ['BracketRight', ']', '}'],
  ['Backslash', '\\', '|'],
  ['Semicolon', ';', ':'],
  ['Quote', "'", '"'],
  ['Comma', ',', '<'],
  ['Period', '.', '>'],
  ['Slash', '/', '?'],
];

/** Keys whose character does not depend on shift. */
const PLAIN: readonly (readonly [string, string])[] = [
  ['Space', ' '],
  ['Tab', '\t'],
  ['Enter', '\n'],
  ['Enter', '\r'],
  ['Backspace', '\b'],
  ['Backspace', '\x7f'],
  ['Escape', '\x1b'],
];

const STROKES: ReadonlyMap<string, KeyStroke> = new Map([
  ...[...'abcdefghijklmnopqrstuvwxyz'].flatMap((letter) =>
    strokes(`Key${letter.toUpperCase()}`, letter, letter.toUpperCase()),
  ),
  ...KEYS.flatMap(([code, plain, shifted]) => strokes(code, plain, shifted)),
  ...PLAIN.map(([code, character]) => [character, { code, shift: false }] as const),
]);

function strokes(code: string, plain: string, shifted: string): readonly (readonly [string, KeyStroke])[] {
  return [
    [plain, { code, shift: false }],
    [shifted, { code, shift: true }],
  ];
}

/**
 * The key stroke for a character on a US keyboard; `undefined` if there is none.
 *
 * @internal
 */
export function keyStroke(character: string): KeyStroke | undefined {
  return STROKES.get(character);
}
