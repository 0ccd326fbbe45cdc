import { MAX_FILE_BYTES, type SourceLocation } from '@qvm/config';
import { FileSourceError, readInput } from '@qvm/sdk';

const WIDTH = 100;

/** The line of a location and a caret below its column; empty if the file can no longer be read. */
export function sourceExcerpt({ file, line, column }: SourceLocation): readonly string[] {
  const text = textOf(file)?.split(/\r\n|\r|\n/)[line - 1];
  if (text === undefined || text.trim() === '') return [];
  // Tabs and control characters are replaced, because their width is not known.
  const visible = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  const start = Math.max(0, Math.min(column - 1, visible.length) - WIDTH / 2);
  return [visible.slice(start, start + WIDTH), `${' '.repeat(column - 1 - start)}^`];
}

function textOf(file: string): string | undefined {
  try {
    return new TextDecoder().decode(readInput(file, MAX_FILE_BYTES));
  } catch (error) {
    if (!(error instanceof FileSourceError)) throw error;
    // The excerpt is optional, because the finding has all the information.
    return undefined;
  }
}
