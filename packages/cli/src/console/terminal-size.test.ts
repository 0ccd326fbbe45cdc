import { EventEmitter } from 'node:events';
import { followTerminalSize } from './terminal-size.js';

function terminal(isTTY: boolean) {
  return Object.assign(new EventEmitter(), { isTTY, columns: 80, rows: 24 });
}

describe('the size of the terminal', () => {
  it('is told at first, and whenever it changes, until nobody wants to know', () => {
    const output = terminal(true);
    const told: (readonly [number, number])[] = [];
    const following = followTerminalSize(output as never, (columns, rows) => told.push([columns, rows]));
    Object.assign(output, { columns: 132, rows: 43 }).emit('resize');
    following.dispose();
    output.emit('resize');
    expect([told, output.listenerCount('resize')]).toEqual([
      [
        [80, 24],
        [132, 43],
      ],
      0,
    ]);
  });

  it('is nothing where there is no terminal', () => {
    const output = terminal(false);
    followTerminalSize(output as never, () => {
      throw new Error('told');
    }).dispose();
    expect(output.listenerCount('resize')).toBe(0);
  });
});
