import { readFileSync } from 'node:fs';
import { CONFIG_CODES, checkVmConfig, MAX_CPUS, PRIORITY_RANGE, vmConfigJsonSchema } from './index.js';

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
    [...REFERENCE.matchAll(/```json\n([^]*?)```/g), ...README.matchAll(/```json\n([^]*?)```/g)].map(
      ([, text]) => text ?? '',
    ),
  )('shows an example that is right: %j', (text) => {
    expect(checkVmConfig(text, { file: 'f', baseDir: '', environment: { QVM_GUESTS: '/g' } })).toEqual([]);
  });
});

describe('vmConfigJsonSchema', () => {
  it('is a JSON Schema with the limits of the language', () => {
    const schema = vmConfigJsonSchema();
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
      required: ['name', 'image', 'ram'],
      properties: {
        name: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
        arch: { enum: ['aarch64', 'x86_64'], default: 'aarch64' },
        cpus: { type: 'integer', minimum: 1, maximum: MAX_CPUS, default: 1 },
        priority: { type: 'integer', minimum: PRIORITY_RANGE.min, maximum: PRIORITY_RANGE.max },
        ram: { type: 'array', minItems: 1, items: { required: ['size'], additionalProperties: false } },
        vdev: { type: 'array', items: { required: ['type'], additionalProperties: false } },
      },
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
