import { COMMON_VDEV_OPTIONS } from '@qvm/core/vdev';
import { ConfigError, LINT_RULES, lintConfigs, loadConfigs } from '../index.js';
import type { Finding, LintExample, LintFacts, VdevFacts } from '../index.js';

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

describe('I/O ports', () => {
  const serial: VdevFacts = {
    options: COMMON_VDEV_OPTIONS,
    resources: (_, machine) => {
      const range = { name: 'registers', size: 8 };
      return machine?.ioPorts === true ? { ports: [range] } : { mmio: [range] };
    },
  };
  const board = { ram: { base: 0 }, interrupts: { first: 0, last: 23 } };
  const lintOn = async (ioPorts: boolean, ...lines: readonly string[]): Promise<readonly string[]> => {
    const facts: LintFacts = { vdev: () => serial, board: () => (ioPorts ? { ...board, ioPorts } : board) };
    const found = await lint({ texts: [['ram 64K', ...lines].join('\n')], facts });
    return found
      .filter(({ code }) => code !== 'lint.missing-image')
      .map(({ code, line, message }) => `${code} ${line}: ${message}`);
  };

  it('of two vdevs that overlap are found, however they are given; they are apart from memory', async () => {
    const lines = ['vdev serial loc io:0x3f8', 'vdev serial loc 0x3f1'];
    expect(await lintOn(true, ...lines)).toEqual([
      'lint.region-overlap 2: the vdev serial (0x3f8-0x3ff) overlaps the vdev serial',
    ]);
    expect(await lintOn(true, 'vdev serial loc io:0x3f8', 'vdev serial loc 0x3f0')).toEqual([]);
  });

  it('are those of the machine: the same vdev has registers elsewhere', async () => {
    expect(await lintOn(false, 'vdev serial loc 0x100000')).toEqual([]);
    expect(await lintOn(false, 'vdev serial loc 0x1000')).toEqual([
      'lint.region-overlap 2: the vdev serial (0x1000-0x1007) overlaps ram[0]',
    ]);
    expect(await lintOn(false, 'vdev serial loc io:0x3f8')).toEqual([
      'lint.no-ports 2: the vdev serial is a device of another architecture: it has I/O ports, which the guests of this board do not have',
    ]);
  });
});
