import fc from 'fast-check';
import { FindingList } from './finding.js';
import { ConfigError, checkVmConfig, parseVmConfig } from './index.js';
import { toPlain } from './json-node.js';
import { readJson } from './json-reader.js';
import { LineIndex } from './location.js';
import { processorTimeOf } from './processor-time.test.helper.js';

const OPTIONS = { file: 'f', baseDir: '/b', environment: { A: 'a' } };

/** Parses a text; the only accepted results are success and a ConfigError whose findings are inside of the text. */
function mustBehave(text: string): void {
  try {
    parseVmConfig(text, OPTIONS);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = text.split(/\r\n|\r|\n/);
    for (const { line, column } of error.findings) {
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    }
    expect(error.findings.some(({ severity }) => severity === 'error')).toBe(true);
  }
}

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  "'",
  '#',
  '//',
  '/*',
  '\n',
  '\r',
  ' ',
  '\\',
  '"name"',
  '"ram"',
  '"size"',
  '"vdev"',
  '"type"',
  '"config"',
  '"a=1,b"',
  '"${A}"',
  '${',
  '$',
  '1',
  '-1',
  '0x10',
  '1M',
  'null',
  'true',
  '&a',
  '*a',
  '!!x',
  '---',
  '=',
  '\u00a0',
];

const VALID =
  '{"name":"n","image":"${A}/i","cpus":2,"cpulist":"0-1","ram":[{"base":"1G","size":"1M"}],"vdev":[{"type":"t","config":"a=1,b=\'x,y\'"}]}';

describe('hostile text', () => {
  it('of any characters gives a ConfigError or a VM', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), mustBehave));
  });

  it('of any tokens gives a ConfigError or a VM', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }), (tokens) => {
        mustBehave(tokens.join(''));
        mustBehave(`{${tokens.join('')}}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('made by damaging a good one gives a ConfigError or a VM', () => {
    const edit = fc.tuple(fc.nat(VALID.length), fc.nat(6), fc.constantFrom('', ...TOKENS));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        mustBehave(edits.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), VALID));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '[',
    '{',
    '{"a":',
    '{"a":[',
    '- ',
    '? ',
    '}',
    '{"a":1,',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '#\n',
    '\n',
    '\r',
    '"\\u0041',
    '//\n',
    '/*',
    ' ',
    '{"ram":[{"size":"1M"},',
    '&a ',
    '%a\n',
    '---\n',
    '{"vdev":[{"type":"t","config":"a,',
    'a=1,',
    '$',
    '${',
    '${A}',
    '\u20ac',
  ])('that repeats %j ends quickly', (unit) => {
    const size = 2 ** 19;
    const time = processorTimeOf(() => {
      for (const prefix of ['', '{"name":"', '{"name":', '{"image":"', '{"vdev":[{"type":"t","config":"']) {
        const text = prefix + unit.repeat(Math.floor(size / new TextEncoder().encode(unit).length));
        checkVmConfig(text, OPTIONS);
        checkVmConfig(`${text}"}]}`, OPTIONS);
      }
    });
    // Ten files of 512 KiB: linear parsing takes well under a second, quadratic parsing minutes.
    expect(time).toBeLessThan(10_000);
  });
});

const WORDS = [
  ...[
    'system',
    'arch',
    'board',
    'cpumodel',
    'entry',
    'ram',
    'rom',
    'cpu',
    'load',
    'guest',
    'initrd',
    'fdt',
    'data',
    'acpi',
    'cmdline',
    'vdev',
    'pass',
  ],
  ...[
    'reserve',
    'logger',
    'unsupported',
    'dump',
    'set',
    'restart',
    'dryrun',
    'debug',
    'loc',
    'intr',
    'hostdev',
    'sched',
  ],
  ...[
    'runmask',
    '1M',
    '1G,4K',
    '0x',
    ',',
    '=',
    '"',
    '\\',
    '\n',
    '#',
    '>',
    '<',
    '-',
    'gic:33',
    'mem:',
    'pci:',
    '$',
    '${A}',
  ],
  ...['$asinfo_start{x}', 'pl011', 'a=b', '\uFEFF', '\r', '\u0000', '{', '|'],
];

describe('hostile lines', () => {
  it('have findings in the text where quotes go over lines', () => {
    mustBehave('ram "\\\n\r\n1G,4Ksystem');
    mustBehave('ram 1"G\r\n\r\n,4Kx"');
  });

  it('of any words give a ConfigError or a VM', () => {
    const separator = fc.constantFrom('', ' ', '\n', '\\\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...WORDS), separator), { maxLength: 40 }), (words) => {
        mustBehave(`ram ${words.flat().join('')}`);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([...WORDS, 'ram 1M ', 'vdev t a ', 'reserve loc 4K ', 'data load 1G,x ', 'x ', '"a" ', '\\\n', '"\\\n'])(
    'that repeat %j end quickly',
    (unit) => {
      const size = 2 ** 20 - 16;
      const time = processorTimeOf(() => {
        for (const prefix of ['', 'vdev t ', 'cmdline "']) {
          checkVmConfig(prefix + unit.repeat(Math.floor((size - prefix.length) / unit.length / 4)), OPTIONS);
          checkVmConfig(
            `${prefix}${`${unit} `.repeat(Math.floor((size - prefix.length) / (unit.length + 1) / 4))}`,
            OPTIONS,
          );
        }
      });
      // Six files of 256 KiB: quadratic parsing takes minutes.
      expect(time).toBeLessThan(10_000);
    },
  );
});

describe('readJson', () => {
  const read = (text: string): { value: unknown; findings: number } => {
    const findings = new FindingList();
    const document = readJson(text, new LineIndex('f', text), findings);
    return { value: document === undefined ? undefined : toPlain(document.root), findings: findings.sorted().length };
  };

  it('agrees with JSON.parse, whatever stands between the words', () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }), { maxKeys: 5 });
    const filler = fc.constantFrom('', ' ', '\t', '\n', '# c " { \n', '\r\n');
    fc.assert(
      fc.property(value, fc.infiniteStream(filler), (object, fillers) => {
        const text = JSON.stringify(object);
        const spaced = text.replace(
          /"(?:[^"\\]|\\.)*"|[{}[\],:]/g,
          (word) => `${fillers.next().value}${word}${fillers.next().value}`,
        );
        const { value: got, findings } = read(spaced);
        // Numbers beyond 2^53 are errors, because they would lose digits.
        if (findings === 0) expect(JSON.stringify(got)).toBe(JSON.stringify(JSON.parse(text)));
        else expect(spaced).toMatch(/[0-9]{16}|e\+/);
      }),
      { numRuns: 500 },
    );
  });

  it('reads any escaped string as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = [...Array(text.length).keys()]
          .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join('');
        expect(read(`{"a":"${escaped}"}`)).toMatchObject({ value: { a: text }, findings: 0 });
      }),
    );
  });
});
