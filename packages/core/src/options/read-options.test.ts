import { defineOptions, option } from './option.js';
import { type OptionFault, type OptionText, readOptions } from './read-options.js';

const declarations = defineOptions({
  base: option.address({ description: 'd', required: true, aliases: ['loc'] }),
  mode: option.enum(['a', 'b'], { description: 'd', default: 'a' }),
  file: option.path({ description: 'd', repeatable: true, aliases: ['disk'] }),
  quiet: option.boolean({ description: 'd' }),
});

function read(texts: readonly OptionText[]): { readonly values: object; readonly faults: readonly string[] } {
  const faults: OptionFault[] = [];
  const values = readOptions(declarations, texts, {}, (fault) => faults.push(fault));
  const told = faults.map((fault) => `${fault.kind} ${fault.kind === 'missing' ? fault.name : fault.text.name}`);
  return { values: { ...values }, faults: told };
}

describe('readOptions', () => {
  it('reads texts, fills in defaults, and joins what may be repeated', () => {
    const texts = [
      { name: 'loc', value: '0x10' },
      { name: 'quiet' },
      ...['file', 'disk'].map((name) => ({ name, value: name })),
    ];
    const values = { base: 16, mode: 'a', file: ['file', 'disk'], quiet: true };
    expect(read(texts)).toEqual({ values, faults: [] });
  });

  it('reports each problem', () => {
    const texts = [
      { name: 'constructor', value: '1' },
      { name: 'mode', value: 'c' },
      { name: 'mode', value: 'b' },
      { name: 'file' },
    ];
    const { values, faults } = read(texts);
    expect(faults).toEqual(['unknown constructor', 'missing base', 'repeated mode', 'invalid mode', 'bare file']);
    expect('constructor' in readOptions({}, [], {}, () => undefined)).toBe(false);
    expect(Object.keys(values)).toEqual(['file']);
    expect(read([{ name: 'base', value: '1000' }])).toEqual({
      values: { base: 1000, mode: 'a', file: [] },
      faults: ['ambiguous base'],
    });
  });

  it('lets a text replace those before it, under any name', () => {
    const texts = [{ name: 'loc', value: '0x10' }, { name: 'base', value: '0x20', replaces: true } as const];
    expect(read(texts)).toEqual({ values: { base: 32, mode: 'a', file: [] }, faults: [] });
    expect(read([...texts, { name: 'loc', value: '0x30' }]).faults).toEqual(['repeated loc']);
  });
});
