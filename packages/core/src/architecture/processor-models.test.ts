import { chooseProcessor, type ProcessorCatalogue } from './processor-models.js';

const feature = (implemented: boolean, ...needs: readonly string[]): ProcessorCatalogue['features'][string] => ({
  description: '',
  implemented,
  ...(needs.length === 0 ? {} : { needs }),
});
const CATALOGUE: ProcessorCatalogue = {
  models: [
    { name: 'usual', description: '', features: ['sse', 'sse2'] },
    { name: 'newer', description: '', features: ['sse', 'sse2', 'avx', 'avx2'] },
  ],
  features: {
    sse: feature(true),
    sse2: feature(true, 'sse'),
    aes: feature(true, 'sse2'),
    nx: feature(true),
    avx: feature(false, 'sse2'),
    avx2: feature(false, 'avx'),
  },
};

const choose = (text: string): unknown => {
  const result = chooseProcessor(text, CATALOGUE);
  if ('processor' in result) return [result.processor.name, [...result.processor.features].sort()];
  return result.problems.map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`));
};

describe('the choice of a processor', () => {
  it.each<[string, string, readonly string[]]>([
    ['usual', 'usual', ['sse', 'sse2']],
    ['usual,+nx,+aes', 'usual,+aes,+nx', ['aes', 'nx', 'sse', 'sse2']],
    [' usual , -sse2 ', 'usual,-sse2', ['sse']],
    // Changes that change nothing are not part of the name; the last one of a feature counts.
    ['usual,+sse2,-nx', 'usual', ['sse', 'sse2']],
    ['+nx,-nx,+aes', 'usual,+aes', ['aes', 'sse', 'sse2']],
    ['newer,-avx,-avx2', 'newer,-avx,-avx2', ['sse', 'sse2']],
  ])('%s is %s', (text, name, features) => {
    expect(choose(text)).toEqual([name, features]);
  });

  it.each<[string, readonly string[]]>([
    ['', ['there is no processor model ""; models: usual, newer']],
    ['usul', ['there is no processor model "usul"; did you mean "usual"?']],
    ['constructor', ['there is no processor model "constructor"; models: usual, newer']],
    ['usual,aes', ['"aes" is no change of a feature; right would be +FEATURE or -FEATURE']],
    ['usual,', ['"" is no change of a feature; right would be +FEATURE or -FEATURE']],
    ['usual,+aess', ['processors have no feature "aess"; did you mean "aes"?']],
    ['usual,-toString', ['processors have no feature "toString"; features: aes, avx, avx2, nx, sse, sse2']],
    ['usual,+avx', ['qvm does not have the processor feature avx yet']],
    [
      'newer',
      ['the processor model newer has avx and avx2, which qvm does not have yet; take them away: newer,-avx,-avx2'],
    ],
    ['usual,-sse', ['the processor feature sse2 needs sse; add +sse, or take -sse2 away']],
    [
      'newer,-avx',
      [
        'the processor model newer has avx2, which qvm does not have yet; take it away: newer,-avx2',
        'the processor feature avx2 needs avx; add +avx, or take -avx2 away',
      ],
    ],
    [
      'usul,+x',
      ['there is no processor model "usul"; did you mean "usual"?', expect.stringContaining('"x"') as string],
    ],
  ])('%j is refused', (text, problems) => {
    expect(choose(text)).toEqual(problems);
  });
});
