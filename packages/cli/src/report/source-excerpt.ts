import { MAX_FILE_BYTES, type SourceLocation } from '@qvm/config';
import { FileSourceError, readInput } from '@qvm/sdk';

const WIDTH = 100;

/** The line of a place and a caret below its column; nothing when the file cannot be read any more. */
export function sourceExcerpt({ file, line, column }: SourceLocation): readonly string[] {
  const text = textOf(file)?.split(/\r\n|\r|\n/)[line - 1];
  if (text === undefined || text.trim() === '') return [];
  // Tabs and control characters have no width of their own here.
  const visible = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  const start = Math.max(0, Math.min(column - 1, visible.length) - WIDTH / 2);
  return [visible.slice(start, start + WIDTH), `${' '.repeat(column - 1 - start)}^`];
}

function textOf(file: string): string | undefined {
  try {
    return new TextDecoder().decode(readInput(file, MAX_FILE_BYTES));
  } catch (error) {
    if (!(error instanceof FileSourceError)) throw error;
    // The excerpt is a help; the finding says all that is needed.
    return undefined;
  }
}
