/** Facts about the word to complete from the rest of the line. */
export interface LineFacts {
  /** The value of `--socket`. */
  readonly socket: string | undefined;
  /** Configurations that were named. */
  readonly files: readonly string[];
}

/** Facts of a line, whose last word is being typed. */
export function lineFacts(words: readonly string[]): LineFacts {
  return { socket: socketIn(words), files: words.slice(0, -1).filter((word) => word.endsWith('.qvmconf')) };
}

function socketIn(words: readonly string[]): string | undefined {
  const inline = words.find((word) => word.startsWith('--socket='));
  if (inline !== undefined) return inline.slice('--socket='.length);
  const at = words.indexOf('--socket');
  return at < 0 || at + 2 >= words.length ? undefined : words[at + 1];
}
