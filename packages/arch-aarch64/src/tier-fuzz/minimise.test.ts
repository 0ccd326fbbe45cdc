import { minimise } from '@qvm/isa-testing';
import { randomProgram } from './random-program.test.helper.js';
import { formatProgram, parseProgram } from './tier-program.test.helper.js';

const { setup } = randomProgram(1);

describe('minimise', () => {
  it('keeps the lines that the failure needs, in their order', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    const needed = ['line 3', 'line 50', 'line 51', 'line 99'];
    const result = await minimise({ setup, lines }, (program) =>
      Promise.resolve(needed.every((line) => program.lines.includes(line))),
    );
    expect(result).toEqual({ setup, lines: needed });
  });

  it('takes a program that cannot be run for one that does not fail', async () => {
    const result = await minimise({ setup, lines: ['a', 'b'] }, (program) =>
      program.lines.length < 2 ? Promise.reject(new Error('no label')) : Promise.resolve(true),
    );
    expect(result.lines).toEqual(['a', 'b']);
  });
});

describe('random programs', () => {
  it('are the same for a seed, and survive their files', () => {
    const program = randomProgram(42);
    expect(randomProgram(42)).toEqual(program);
    expect(parseProgram(formatProgram(program))).toEqual(program);
    expect(() => parseProgram('nop\n')).toThrow('setup');
  });
});
