import { bindOptionalValues } from './optional-values.js';
import { createProgram } from './program.js';

const program = createProgram(() => undefined);
const bind = (line: string): string => bindOptionalValues(program, line.split(' ')).join(' ');

describe('options whose value may be left out', () => {
  it.each([
    ['stat --watch alpha', 'stat --watch= alpha'],
    ['stat --watch 2 alpha', 'stat --watch 2 alpha'],
    ['stat alpha --watch', 'stat alpha --watch'],
    ['stat --watch --json alpha', 'stat --watch --json alpha'],
    ['start --icount linux.qvmconf', 'start --icount= linux.qvmconf'],
    ['start --icount 20 linux.qvmconf', 'start --icount 20 linux.qvmconf'],
    ['start --console linux.qvmconf', 'start --console= linux.qvmconf'],
    ['start --console ./linux', 'start --console= ./linux'],
    ['start --console linux a.qvmconf b.qvmconf', 'start --console linux a.qvmconf b.qvmconf'],
    ['start -- --console x', 'start -- --console x'],
  ])('%s', (line, expected) => {
    expect(bind(line)).toBe(expected);
  });

  it('are all of this kind', () => {
    const commands = [program, ...program.commands, ...program.commands.flatMap(({ commands: inner }) => inner)];
    const optional = commands.flatMap(({ options }) => options).filter((option) => option.optional);
    expect(optional.map(({ long }) => long).sort()).toEqual(['--console', '--icount', '--watch']);
    for (const option of optional) expect('fits' in option).toBe(true);
  });
});
