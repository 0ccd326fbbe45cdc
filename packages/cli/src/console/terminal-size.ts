import type { WriteStream } from 'node:tty';
import type { Disposable } from '@qvm/core';

/**
 * Reports the size of the terminal that an output is, at first and whenever it changes (SIGWINCH). No effect for other
 * outputs.
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
