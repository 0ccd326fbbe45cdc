import { readFileSync } from 'node:fs';
import {
  CONFIG_CODES,
  MAX_CPUS,
  parseConfig,
  parseVmConfig,
  PRIORITY_RANGE,
  systemConfigJsonSchema,
  vmConfigJsonSchema,
  writeConfig,
} from './index.js';
import { LINE_WORDS } from './line/line-words.js';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const REFERENCE = read('../../../docs/qvmconf.md');
const README = read('../README.md');

describe('the reference', () => {
  it.each(Object.keys(CONFIG_CODES))('explains %s', (code) => {
    expect(REFERENCE).toContain(`| \`${code}\` |`);
  });

  it('explains no code that does not exist', () => {
    const explained = [...REFERENCE.matchAll(/^\| `(config\.[a-z-]+)` \|/gm)].map(([, code]) => code);
    expect(explained.filter((code) => code === undefined || !(code in CONFIG_CODES))).toEqual([]);
  });

  it('explains every key of the schema', () => {
    const keys = Object.keys(vmConfigJsonSchema()['properties'] ?? {});
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) expect(REFERENCE).toContain(`| \`${key}\` |`);
  });

  it.each(
    [REFERENCE, README].flatMap((page) =>
      [...page.matchAll(/```(?:json|qvmconf)\n([^]*?)```/g)].map(([, text]) => text ?? ''),
    ),
  )('shows an example that is right: %j', (text) => {
    const parsed = parseConfig(text, { file: 'f', baseDir: '', environment: { QVM_GUESTS: '/g' } });
    expect(parsed.warnings).toEqual([]);
  });

  it('shows one VM in both forms', () => {
    const [json, line] = ['json', 'qvmconf'].map((fence) => {
      const text = new RegExp(`\`\`\`${fence}\\n([^]*?)\`\`\``).exec(REFERENCE)?.[1] ?? '';
      return writeConfig(parseVmConfig(text, { file: 'f', baseDir: '' }).spec, 'json').text;
    });
    expect(line).toBe(json);
  });

  it('explains every word of the line form', () => {
    expect(LINE_WORDS.size).toBeGreaterThan(20);
    for (const word of LINE_WORDS.keys()) expect(REFERENCE).toMatch(new RegExp(`\`${word}[ \`]`));
  });
});

describe('vmConfigJsonSchema', () => {
  it('is a JSON Schema with the limits of the language', () => {
    const schema = vmConfigJsonSchema();
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      required: ['name', 'ram'],
      properties: {
        name: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
        arch: { enum: ['aarch64', 'x86_64'] },
        cpus: { type: 'integer', minimum: 1, maximum: MAX_CPUS, default: 1 },
        priority: { type: 'integer', minimum: PRIORITY_RANGE.min, maximum: PRIORITY_RANGE.max },
        ram: { type: 'array', minItems: 1, items: { required: ['size'], additionalProperties: false } },
        vdev: { type: 'array', items: { required: ['type'], additionalProperties: false } },
      },
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it('has a schema of systems beside it', () => {
    expect(systemConfigJsonSchema()).toMatchObject({
      additionalProperties: false,
      properties: { vms: { items: { required: ['name'] } }, host: { additionalProperties: false } },
    });
  });
});
