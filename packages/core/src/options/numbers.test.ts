import fc from 'fast-check';
import { parseAddress, parseNumber, parseSize } from './numbers.js';

const LARGEST = Number.MAX_SAFE_INTEGER;

describe('parseNumber', () => {
  it.each([
    ['0', 0],
    ['33', 33],
    ['-5', -5],
    ['-0', 0],
    ['0d010', 10],
    ['0D9', 9],
    ['0x21', 33],
    ['0XfF', 255],
    ['-0x10', -16],
    ['007', 7],
    ['9007199254740991', LARGEST],
  ])('%s', (text, value) => {
    expect(parseNumber(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['', 'an empty text is not a number', 'right would be 33 or 0x21'],
    ['4K', '"4K" is not a number', 'the suffix "K" is for sizes only'],
    ['1.5', '"1.5" is not a number', 'fractions are not allowed'],
    ['ff', '"ff" is not a number', 'hexadecimal needs its prefix: write "0xff"'],
    ['+1', '"+1" is not a number', 'right would be 33 or 0x21'],
    ['0x', '"0x" is not a number', 'right would be 33 or 0x21'],
    [' 1', '" 1" is not a number', 'right would be 33 or 0x21'],
    ['9007199254740992', '"9007199254740992" is too large', 'the largest value is 0x1fffffffffffff (2^53 - 1)'],
  ])('refuses %j', (text, message, hint) => {
    expect(parseNumber(text)).toEqual({ ok: false, message, hint });
  });
});

describe('parseSize', () => {
  it.each([
    ['256M', 2 ** 28],
    ['1g', 2 ** 30],
    ['4k', 4096],
    ['2T', 2 ** 41],
    ['0x10K', 16384],
    ['0d16M', 2 ** 24],
    ['4096', 4096],
  ])('%s', (text, value) => {
    expect(parseSize(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['-1', 'it must not be negative'],
    ['256MB', 'units are powers of 1024 without "B": write "256M"'],
    ['256 MiB', 'units are powers of 1024 without "B": write "256M"'],
    ['1.5G', 'fractions are not allowed'],
    ['8192T', 'the largest value is 0x1fffffffffffff (2^53 - 1)'],
    ['9'.repeat(100), 'right would be "256M", "1G" or "0x10000000"'],
  ])('refuses %j', (text, hint) => {
    expect(parseSize(text)).toMatchObject({ ok: false, hint });
  });
});

describe('parseAddress', () => {
  it.each([
    ['0x80000000', 2 ** 31, false],
    ['2G', 2 ** 31, false],
    ['0d10', 10, false],
    ['9', 9, false],
    ['10', 10, true],
    ['80000000', 80_000_000, true],
  ])('%s', (text, value, ambiguous) => {
    expect(parseAddress(text)).toEqual({ ok: true, value, ambiguous });
  });
});

describe('round trips', () => {
  const natural = fc.integer({ min: 0, max: LARGEST });

  it('of every spelling', () => {
    fc.assert(
      fc.property(natural, (value) => {
        for (const text of [
          `${value}`,
          `0d${value}`,
          `0x${value.toString(16)}`,
          `0X${value.toString(16).toUpperCase()}`,
        ]) {
          expect(parseNumber(text)).toEqual({ ok: true, value });
          expect(parseSize(text)).toEqual({ ok: true, value });
          expect(parseAddress(text)).toMatchObject({ ok: true, value });
        }
        if (value > 0) expect(parseNumber(`-${value}`)).toEqual({ ok: true, value: -value });
      }),
    );
  });

  it('of every suffix', () => {
    fc.assert(
      fc.property(fc.nat(4095), fc.constantFrom('k', 'K', 'm', 'M', 'g', 'G', 't', 'T'), (count, suffix) => {
        const value = count * 1024 ** (1 + 'kmgt'.indexOf(suffix.toLowerCase()));
        expect(parseSize(`${count}${suffix}`)).toEqual({ ok: true, value });
        expect(parseSize(`0x${count.toString(16)}${suffix}`)).toEqual({ ok: true, value });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseNumber, parseSize, parseAddress]) expect(typeof parse(text).ok).toBe('boolean');
      }),
    );
  });
});
