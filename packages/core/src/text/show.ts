const LONGEST = 60;

/**
 * A text from outside in quotes for a message: cut to a readable length, and with every control, format and
 * surrogate character escaped, so that a configuration cannot drive the terminal that shows the message.
 */
export function show(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(shown).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
