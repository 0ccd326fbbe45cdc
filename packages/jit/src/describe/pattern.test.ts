import fc from 'fast-check';
import { WordDecoder } from './word-decoder.js';
import { encodeFields, extractFields, parsePattern } from './pattern.js';
import { rowMaker } from './row.js';

const inst = rowMaker<unknown>();
const nothing = (): void => undefined;

describe('patterns', () => {
  const pattern = parsePattern('sf:1! 00 10x010 imm:12 0 Rn:5 Rt:5!');

  it('separate fixed bits, ignored bits and fields', () => {
    expect([pattern.mask, pattern.value]).toEqual([0x7b80_0400, 0x1100_0000]);
    expect(pattern.fields.map(({ name, shift, width, role }) => [name, shift, width, role])).toEqual([
      ['sf', 31, 1, 'static'],
      ['imm', 11, 12, 'value'],
      ['Rn', 5, 5, 'register'],
      ['Rt', 0, 5, 'static'],
    ]);
  });

  it('run backwards', () => {
    const fields = { sf: 1, imm: 0xabc, Rn: 31, Rt: 9 };
    const word = encodeFields(pattern, fields);
    expect(extractFields(pattern, word)).toEqual(fields);
    expect(((word ^ pattern.value) & pattern.mask) >>> 0).toBe(0);
  });

  it('of any layout run backwards, and their bits belong to one part each', () => {
    const part = fc.oneof(
      fc.stringMatching(/^[01x]{1,9}$/).map((text) => ({ text: () => text, bits: text.length })),
      fc.tuple(fc.integer({ min: 1, max: 16 }), fc.constantFrom('', '!')).map(([bits, bang]) => ({
        text: (i: number) => `f${i}:${bits}${bang}`,
        bits,
      })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), fc.nat(0xffff_ffff), (parts, word) => {
        // As many parts as fit into 32 bits, followed by ignored bits.
        let rest = 32;
        const texts = parts.flatMap(({ text, bits }, i) => (bits > rest ? [] : ((rest -= bits), [text(i)])));
        const pattern = parsePattern([...texts, 'x'.repeat(rest)].join(' '));
        const fields = extractFields(pattern, word);
        const encoded = encodeFields(pattern, fields);
        expect(extractFields(pattern, encoded)).toEqual(fields);
        expect(((encoded ^ pattern.value) & pattern.mask) >>> 0).toBe(0);
        const masks = pattern.fields.map(({ shift, width }) => ((1n << BigInt(width)) - 1n) << BigInt(shift));
        expect(
          [...masks, BigInt(pattern.mask)].reduce((all, mask) => ((all & mask) === 0n ? all | mask : -1n), 0n),
        ).not.toBe(-1n);
      }),
    );
  });

  it('use bit 31 without a sign', () => {
    const top = parsePattern('1 x:31');
    expect([top.mask, top.value]).toEqual([0x8000_0000, 0x8000_0000]);
    expect(encodeFields(parsePattern('x:32'), { x: 0xffff_ffff })).toBe(0xffff_ffff);
  });

  it.each([
    ['1 x:30', /31 bits/],
    ['1 x:32', /33 bits/],
    ['2 x:31', /bad token/],
  ])('refuse "%s"', (text, message) => {
    expect(() => parsePattern(text, 32)).toThrow(message);
  });

  it('are as long as their parts when no length is asked for, up to a word', () => {
    expect(parsePattern('101 x:4! 0').bits).toBe(8);
    expect(() => parsePattern('1 x:32')).toThrow(/33 bits/);
  });

  it.each([[{}], [{ x: 4 }], [{ x: -1 }]])('refuse the fields %j', (fields: Record<string, number>) => {
    expect(() => encodeFields(parsePattern('0000000000000000 00000000000000 x:2'), fields)).toThrow(RangeError);
  });
});

describe('Decoder', () => {
  const general = inst(
    '1',
    'general',
    '1010 op:4! x:24',
    { valid: (f) => f.op !== 3, allocated: (f) => f.x !== 5 },
    nothing,
  );
  const special = inst('2', 'special', '1010 0001 x:24', {}, nothing);
  const low = inst('3', 'low', '1011 0000 xxxxxxxx x:15 1', {}, nothing);
  const decoder = new WordDecoder([general, special, low]);
  const nameOf = (word: number): string | undefined => decoder.find(word)?.row.name;

  it('prefers the row with more fixed bits', () => {
    expect([nameOf(0xa100_0000), nameOf(0xa200_0000)]).toEqual(['special', 'general']);
  });

  it('leaves out what is not valid or not allocated', () => {
    expect([nameOf(0xa300_0000), nameOf(0xa200_0005), nameOf(0xa200_0006), nameOf(0)]).toEqual([
      undefined,
      undefined,
      'general',
      undefined,
    ]);
  });

  it('looks at bits below its index, and not at ignored ones', () => {
    expect([nameOf(0xb000_0001), nameOf(0xb0ff_0001), nameOf(0xb000_0000)]).toEqual(['low', 'low', undefined]);
  });

  it('gives the raw fields', () => {
    expect(decoder.find(0xa212_3456)?.fields).toEqual({ op: 2, x: 0x12_3456 });
  });
});
