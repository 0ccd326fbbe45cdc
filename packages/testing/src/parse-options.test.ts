import { defineOptions, option } from '@qvm/core/options';
import { parseOptions } from './parse-options.js';

const declarations = defineOptions({
  size: option.size({ description: 'd', default: 65_536 }),
  count: option.number({ description: 'd', min: -1, max: 9 }),
  mode: option.enum(['a', 'b'], { description: 'd' }),
  on: option.boolean({ description: 'd' }),
  mac: option.mac({ description: 'd' }),
  path: option.path({ description: 'd', repeatable: true, aliases: ['file'] }),
});
const MAC = Uint8Array.of(0x52, 0x54, 0, 0, 0, 1);

describe('parseOptions', () => {
  it('fills in defaults and takes texts or what they become', () => {
    expect(parseOptions(declarations)).toEqual({ size: 65_536, path: [] });
    expect(
      parseOptions(declarations, {
        size: '0x10',
        count: '-1',
        mode: 'b',
        on: 'off',
        mac: '52:54:00:00:00:01',
        path: 'x',
      }),
    ).toEqual({ size: 16, count: -1, mode: 'b', on: false, mac: MAC, path: ['x'] });
    const typed = { size: 5, count: 9, mode: 'a', on: true, mac: MAC, path: ['x', 'y'] };
    expect(parseOptions(declarations, typed)).toEqual(typed);
    expect(parseOptions(declarations, { file: 'x' }).path).toEqual(['x']);
    expect(parseOptions(declarations, { path: 'a', file: ['b', 'c'] }).path).toEqual(['a', 'b', 'c']);
  });

  it.each([
    { nope: 1 },
    { size: '1.5' },
    { size: -1 },
    { size: NaN },
    { count: 10 },
    { count: 'one' },
    { mode: 'c' },
    { mode: 7 },
    { on: 'maybe' },
    { mac: '1:2' },
    { mac: null },
    { mac: new Uint8Array(6) },
    { mode: ['a', 'b'] },
  ])('refuses %j', (given) => {
    expect(() => parseOptions(declarations, given)).toThrow(expect.objectContaining({ code: 'vdev.option' }));
  });

  it('insists on required options', () => {
    const required = defineOptions({ r: option.string({ description: 'd', required: true }) });
    expect(() => parseOptions(required)).toThrow(/r is required/);
  });
});
