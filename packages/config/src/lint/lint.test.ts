import { ConfigError, type Finding, type LintExample, LINT_RULES, lintConfigs, loadConfigs } from '../index.js';

/** The findings of all rules for an example. */
async function lint({ texts, facts }: LintExample): Promise<readonly Finding[]> {
  const files = new Map(texts.map((text, index) => [`${index}.qvmconf`, text]));
  const configs = await loadConfigs([...files.keys()], {
    read: (path) => {
      const text = files.get(path);
      if (text === undefined) throw new ConfigError([]);
      return Promise.resolve(text);
    },
    directoryOf: () => '',
    environment: {},
  });
  expect(configs.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return lintConfigs(configs, facts);
}

describe.each(LINT_RULES.map((rule) => [rule.code, rule] as const))('%s', (code, rule) => {
  it('is found in the bad example, with a place in it', async () => {
    const found = (await lint(rule.bad)).filter((finding) => finding.code === code);
    expect(found).not.toEqual([]);
    for (const { file, line, column, severity, message } of found) {
      const text = rule.bad.texts[Number.parseInt(file, 10)];
      expect(text?.split('\n')[line - 1]?.length).toBeGreaterThanOrEqual(column - 1);
      expect(severity).toBe(rule.severity);
      expect(message).not.toBe('');
    }
  });

  it('is not found in the good example', async () => {
    expect((await lint(rule.good)).filter((finding) => finding.code === code)).toEqual([]);
  });
});

describe('LINT_RULES', () => {
  it('are in order and have codes of their own', () => {
    const codes = LINT_RULES.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort());
  });

  it('find nothing in good examples that would stop a VM', async () => {
    for (const { good } of LINT_RULES) {
      const errors = (await lint(good)).filter(({ severity }) => severity === 'error');
      expect(errors.filter(({ code }) => code !== 'lint.duplicate-vm')).toEqual([]);
    }
  });
});
