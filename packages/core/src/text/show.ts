const LONGEST = 60;

/**
 * Quotes an untrusted text for a message: truncated to a readable length, and with every control, format and
 * surrogate character escaped, so that a configuration cannot control the terminal that shows the message.
 *
 * @beta
 */
export function show(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(shown).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
