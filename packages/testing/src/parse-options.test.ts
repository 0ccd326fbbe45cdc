import type { OptionSpec } from '@qvm/core/vdev';
import { parseOptions } from './parse-options.js';

const specs: readonly OptionSpec[] = [
  { name: 'size', kind: 'size', description: 'd', default: '64K' },
  { name: 'count', kind: 'number', description: 'd', min: -1, max: 9 },
  { name: 'mode', kind: 'enum', description: 'd', values: ['a', 'b'] },
  { name: 'on', kind: 'boolean', description: 'd' },
  { name: 'mac', kind: 'mac', description: 'd' },
  { name: 'path', kind: 'path', description: 'd', repeatable: true },
];

describe('parseOptions', () => {
  it('fills in defaults and takes text or typed values', () => {
    expect(parseOptions(specs)).toEqual({ size: 65536 });
    expect(
      parseOptions(specs, { size: '0x10', count: '-1', mode: 'b', on: 'off', mac: '52:54:00:00:00:01', path: 'x' }),
    ).toEqual({ size: 16, count: -1, mode: 'b', on: false, mac: '52:54:00:00:00:01', path: ['x'] });
    expect(parseOptions(specs, { size: 5, on: true, path: ['x', 'y'] })).toEqual({
      size: 5,
      on: true,
      path: ['x', 'y'],
    });
  });

  it.each([
    { nope: 1 },
    { size: '1.5' },
    { size: -1 },
    { count: 10 },
    { count: 'one' },
    { mode: 'c' },
    { on: 'maybe' },
    { mac: '1:2' },
    { mode: ['a', 'b'] },
  ])('refuses %j', (given) => {
    expect(() => parseOptions(specs, given)).toThrow(expect.objectContaining({ code: 'vdev.option' }));
  });

  it('insists on required options', () => {
    expect(() => parseOptions([{ name: 'r', kind: 'string', description: 'd', required: true }])).toThrow(
      /r is required/,
    );
  });
});
