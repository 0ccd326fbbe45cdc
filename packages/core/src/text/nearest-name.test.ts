import fc from 'fast-check';
import { nearestName } from './nearest-name.js';

describe('nearestName', () => {
  it.each([
    ['irqq', ['base', 'irq'], 'irq'],
    ['iqr', ['base', 'irq'], 'irq'],
    ['BASE', ['base'], 'base'],
    ['cpsu', ['cpus', 'cpulist'], 'cpus'],
    ['hostdve', ['hostdev'], 'hostdev'],
    ['cmdln', ['cmdline'], 'cmdline'],
    ['xyz', ['irq'], undefined],
    ['a', ['b'], undefined],
    ['a', [], undefined],
    ['x'.repeat(65), ['x'.repeat(65)], undefined],
  ])('%s', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });

  it('finds a name again after any two deletions or one swap', () => {
    const name = fc.stringMatching(/^[a-z]{6,12}$/);
    fc.assert(
      fc.property(name, fc.nat(10), fc.nat(10), (right, first, second) => {
        const without = (text: string, index: number) =>
          text.slice(0, index % text.length) + text.slice((index % text.length) + 1);
        expect(nearestName(without(without(right, first), second), [right])).toBe(right);
        const at = first % (right.length - 1);
        const swapped = `${right.slice(0, at)}${right[at + 1] ?? ''}${right[at] ?? ''}${right.slice(at + 2)}`;
        expect(nearestName(swapped, ['other-name-altogether', right])).toBe(right);
      }),
    );
  });
});
