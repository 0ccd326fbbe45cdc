import { chooseProcessor } from '@qvm/core/architecture';
import { defaultModel, featureBits, signatureWord, X86_PROCESSORS, x86ModelOf } from './cpu-model.js';
import { FEATURES, IMPLEMENTED } from './features.js';
import type { FeatureName } from './features.js';

/** The features that each ABI level adds (System V ABI, AMD64 supplement 1.0, table 3.1), by the names of this package. */
const LEVELS: Readonly<Record<string, readonly FeatureName[]>> = {
  'x86-64-v1': ['cmov', 'cx8', 'fpu', 'fxsr', 'mmx', 'syscall', 'sse', 'sse2'],
  'x86-64-v2': ['cx16', 'lahf_lm', 'popcnt', 'sse3', 'sse4_1', 'sse4_2', 'ssse3'],
  'x86-64-v3': ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'lzcnt', 'movbe', 'xsave'],
};

const modelNamed = (name: string): ReadonlySet<string> =>
  new Set(X86_PROCESSORS.models.find((model) => model.name === name)?.features);
const problemsOf = (text: string): readonly string[] => {
  const chosen = chooseProcessor(text, X86_PROCESSORS);
  return 'problems' in chosen ? chosen.problems.map(({ message }) => message) : [];
};

describe('the processor models', () => {
  it('have all of their ABI level, and of those below it', () => {
    const names = Object.keys(LEVELS);
    names.forEach((name, level) => {
      const wanted = names.slice(0, level + 1).flatMap((below) => LEVELS[below] ?? []);
      expect([name, wanted.filter((feature) => !modelNamed(name).has(feature))]).toEqual([name, []]);
      const above = names.slice(level + 1).flatMap((other) => LEVELS[other] ?? []);
      expect([name, above.filter((feature) => modelNamed(name).has(feature))]).toEqual([name, []]);
    });
  });

  it.each(Object.keys(LEVELS))(
    '%s can be chosen exactly if all of it is implemented; else what is missing is named',
    (name) => {
      const missing = [...modelNamed(name)].filter((feature) => !FEATURES[feature as FeatureName].implemented);
      const problems = problemsOf(name).filter((message) => message.startsWith('the processor model'));
      if (missing.length === 0) expect(problems).toEqual([]);
      else {
        expect(problems).toHaveLength(1);
        for (const feature of missing) expect(problems[0]).toMatch(new RegExp(`\\b${feature}\\b`));
      }
      const less = [name, ...missing.map((feature) => `-${feature}`)].join(',');
      expect(problemsOf(less)).toEqual([]);
    },
  );

  it('that mean what there is can always be chosen', () => {
    expect(defaultModel.name).toBe('qvm64');
    expect([problemsOf('qvm64'), problemsOf('max')]).toEqual([[], []]);
    const all = x86ModelOf('max').features;
    for (const feature of defaultModel.features) expect(all.has(feature)).toBe(true);
    expect([...all].filter((feature) => !IMPLEMENTED.includes(feature))).toEqual([]);
  });

  it('change what CPUID says, and the name that a saved state has', () => {
    const model = x86ModelOf('max,-pcid,-invpcid,+nx');
    expect(model.name).toBe('max,-invpcid,-pcid');
    expect(model.brand).toBe('qvm max');
    expect(featureBits(x86ModelOf('max'), '1.ecx') ^ featureBits(model, '1.ecx')).toBe(1 << 17);
    expect(featureBits(x86ModelOf('max'), '7.ebx') ^ featureBits(model, '7.ebx')).toBe(1 << 10);
    expect(signatureWord(model)).toBe(0x3_06c1);
    expect(() => x86ModelOf('max,-sse')).toThrow('needs sse');
  });
});
