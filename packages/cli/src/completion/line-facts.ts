/** Facts about the word to complete from the rest of the line. */
export interface LineFacts {
  /** The value of `--socket`. */
  readonly socket: string | undefined;
  /** Configurations that were named. */
  readonly files: readonly string[];
  /** Binary traces that were named. */
  readonly traces: readonly string[];
}

/** Facts of a line, whose last word is being typed. */
export function lineFacts(words: readonly string[]): LineFacts {
  const named = words.slice(0, -1);
  return {
    socket: socketIn(words),
    files: named.filter((word) => word.endsWith('.qvmconf')),
    traces: named.filter((word) => word.endsWith('.kev')),
  };
}

function socketIn(words: readonly string[]): string | undefined {
  const inline = words.find((word) => word.startsWith('--socket='));
  if (inline !== undefined) return inline.slice('--socket='.length);
  const at = words.indexOf('--socket');
  return at < 0 || at + 2 >= words.length ? undefined : words[at + 1];
}
