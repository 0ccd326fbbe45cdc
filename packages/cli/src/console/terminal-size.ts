import type { WriteStream } from 'node:tty';
import type { Disposable } from '@qvm/core';

/**
 * Tells the size of the terminal that an output is, now and whenever it changes (SIGWINCH). Nothing when it is no terminal.
 */
export function followTerminalSize(
  output: Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'on' | 'off'>,
  tell: (columns: number, rows: number) => void,
): Disposable {
  if (!output.isTTY) return { dispose: () => undefined };
  const changed = (): void => tell(output.columns, output.rows);
  changed();
  output.on('resize', changed);
  return { dispose: () => void output.off('resize', changed) };
}
