import { describeOption } from './option-description.js';
import { defineOptions, option, type OptionsOf } from './option.js';
import { textKind } from './kinds.js';

const options = defineOptions({
  hostdev: option.character({ description: 'Host end', default: 'stdio' }),
  mode: option.enum(['a', 'b'], { description: 'Mode' }),
  count: option.number({
    description: 'Count',
    required: true,
    min: 1,
    max: 9,
    check: (n) => (n === 7 ? 'not 7' : undefined),
  }),
  window: option.size({ description: 'Window', default: 0x1_0000, multipleOf: 0x1000, aliases: ['room'] }),
  at: option.address({ description: 'At', default: 0x9000 }),
  on: option.boolean({ description: 'On', default: false }),
  mac: option.mac({ description: 'Station', repeatable: true }),
  label: option.string({ description: 'Label', max: 3 }),
  file: option.path({ description: 'File' }),
});

describe('option', () => {
  it('has the type that its kind, default and repetition give', () => {
    const values: OptionsOf<typeof options> = {
      hostdev: 'x',
      mode: undefined,
      count: 1,
      window: 2,
      at: 3,
      on: true,
      mac: [new Uint8Array(6)],
      label: undefined,
      file: undefined,
    };
    const typed: [string, 'a' | 'b' | undefined, number, boolean, readonly Uint8Array[]] = [
      values.hostdev,
      values.mode,
      values.count,
      values.on,
      values.mac,
    ];
    expect(typed).toHaveLength(5);
    // @ts-expect-error A required number is no text.
    const wrong: OptionsOf<typeof options>['count'] = '1';
    // @ts-expect-error An enum has its words only.
    const foreign: OptionsOf<typeof options>['mode'] = 'c';
    expect([wrong, foreign]).toEqual(['1', 'c']);
  });

  it.each<[keyof typeof options, string, unknown]>([
    ['mode', 'b', 'b'],
    ['count', '0x9', 9],
    ['window', '8K', 8192],
    ['at', '0x10', 16],
    ['on', 'YES', true],
    ['mac', '52-54-00-00-00-01', Uint8Array.of(0x52, 0x54, 0, 0, 0, 1)],
    ['label', 'abc', 'abc'],
    ['file', './x', '/base/x'],
  ])('reads %s from %s, and writes what it reads', (name, text, value) => {
    const { kind } = options[name];
    const result = options[name].read(text, { baseDir: '/base' });
    expect(result).toMatchObject({ ok: true, value });
    expect(kind.parse(kind.format(value), {})).toMatchObject({ ok: true, value });
  });

  it.each<[keyof typeof options, string, string]>([
    ['mode', 'c', '"c" is not one of its values'],
    ['count', '10', '10 is out of range'],
    ['count', '7', 'not 7'],
    ['count', 'x', '"x" is not a number'],
    ['window', '4097', '0x1001 is no multiple of 0x1000'],
    ['on', 'maybe', '"maybe" is neither true nor false'],
    ['mac', '1:2', '"1:2" is not a MAC address'],
    ['mac', 'ff:ff:ff:ff:ff:ff', '"ff:ff:ff:ff:ff:ff" is not the address of one station'],
    ['label', 'abcd', '"abcd" has 4 characters'],
    ['file', '', 'a path must not be empty'],
  ])('refuses %s=%s', (name, text, message) => {
    expect(options[name].read(text, {})).toMatchObject({ ok: false, message });
  });

  it('refuses a default that it would refuse, or that is never used', () => {
    const code = expect.objectContaining({ code: 'vdev.declaration' }) as Error;
    expect(() => option.number({ description: 'd', min: 1, default: 0 })).toThrow(code);
    expect(() => option.number({ description: 'd', required: true, default: 0 })).toThrow(code);
  });

  it('is described as configurations write it', () => {
    const described = Object.entries(options).map(([name, declared]) => describeOption(name, declared));
    expect(described.slice(0, 6)).toEqual([
      { name: 'hostdev', kind: 'string', description: 'Host end', default: 'stdio' },
      { name: 'mode', kind: 'enum', description: 'Mode', values: ['a', 'b'] },
      { name: 'count', kind: 'number', description: 'Count', required: true, min: 1, max: 9 },
      { name: 'window', kind: 'size', description: 'Window', default: '64K', aliases: ['room'] },
      { name: 'at', kind: 'address', description: 'At', default: '0x9000' },
      { name: 'on', kind: 'boolean', description: 'On', default: 'off', values: ['on', 'off'] },
    ]);
    expect(described[6]).toMatchObject({ repeatable: true });
  });

  it('takes kinds of a plugin’s own', () => {
    const point = textKind(
      'X,Y',
      (text) => text.split(',').map(Number),
      (values) => values.join(','),
    );
    const corner = option.of(point, { description: 'Corner', default: [1, 2] });
    expect(corner.read('3,4', {})).toEqual({ ok: true, value: [3, 4] });
    expect(describeOption('corner', corner)).toMatchObject({ kind: 'X,Y', default: '1,2' });
  });
});
