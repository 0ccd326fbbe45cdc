import { assemble } from './assemble.js';
import { AssemblyError } from '@qvm/assembly';

const words = (bytes: Uint8Array): string[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, i) =>
    view
      .getUint32(4 * i, true)
      .toString(16)
      .padStart(8, '0'),
  );
};
const assembled = (source: string, origin = 0x40000000): string[] => words(assemble(source, { origin }).bytes);

function failure(source: string): string {
  try {
    assemble(source);
  } catch (error) {
    if (error instanceof AssemblyError) return error.message;
    throw error;
  }
  return 'assembled';
}

// The words are the output of aarch64-linux-gnu-as for the same sources.
describe('assemble', () => {
  it('resolves labels forwards and backwards, numeric ones to the nearest', () => {
    expect(assembled('start: b 1f\n1: nop\n1: cbz x0, 1b\n  b start\n  tbz w1, #3, end\nend:')).toEqual([
      '14000001',
      'd503201f',
      'b4000000',
      '17fffffd',
      '36180021',
    ]);
  });

  it('evaluates expressions as C does', () => {
    expect(assembled(".word 1 + 2 * 3, (1 + 2) * 3, 1 << 4 | 3, ~0 & 0xff, -4 / 2, 7 % 4, 'A', 0b101")).toEqual([
      '00000007',
      '00000009',
      '00000013',
      '000000ff',
      'fffffffe',
      '00000003',
      '00000041',
      '00000005',
    ]);
  });

  it('addresses pages and offsets', () => {
    expect(
      assembled(
        'adrp x0, data\nadd x0, x0, :lo12:data\nadr x1, data + 4\n.org 0x40001010\ndata: .quad data',
        0x40000000,
      ).slice(0, 3),
    ).toEqual(['b0000000', '91004000', '10008061']);
  });

  it('places literals at .ltorg and at the end, wide ones first, equal ones once', () => {
    expect(
      assembled('ldr w0, =1\nldr x1, =sym\nldr x2, =sym\nnop\n.ltorg\nldr x3, =sym\n.equ sym, 0x123456789', 0),
    ).toEqual([
      '180000c0',
      '58000061',
      '58000042',
      'd503201f',
      '23456789',
      '00000001',
      '00000001',
      '58000023',
      '23456789',
      '00000001',
    ]);
  });

  it('emits data, text, alignment and space', () => {
    const { bytes, labels } = assemble(
      '.byte 1, -1, 0x80\n.hword 0x1234\n.ascii "a\\n"\n.asciz "b"\n.balign 4\nhere: .space 2, 0xaa\n.align 2\n.quad 1',
      { origin: 0x100 },
    );
    expect([...bytes]).toEqual([
      1, 255, 0x80, 0x34, 0x12, 97, 10, 98, 0, 0, 0, 0, 0xaa, 0xaa, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect(labels.get('here')).toBe(0x10cn);
  });

  it('takes symbols from outside, comments of all kinds, and several labels in a line', () => {
    expect(
      words(assemble('a: b: mov x0, #K // one\n/* two\nlines */ nop ; three', { symbols: { K: 7n } }).bytes),
    ).toEqual(['d28000e0', 'd503201f']);
  });

  it('chooses the encoding that fits', () => {
    expect(
      assembled(
        'mov x0, #0x10000\nmov x0, #-1\nmov x0, #0x5555555555555555\nmov x0, sp\nmov x0, x1\nadd x0, x0, #-1\nadd x0, x0, #0x1000\nldr x0, [x1, #-8]\ncmp x0, #-1',
      ),
    ).toEqual([
      'd2a00020',
      '92800000',
      'b200f3e0',
      '910003e0',
      'aa0103e0',
      'd1000400',
      '91400400',
      'f85f8020',
      'b100041f',
    ]);
  });

  it.each([
    ['add x0, x1', '1:11: expected ","'],
    ['nop\n  foo x1', '2:3: expected an instruction or a directive'],
    ['b nowhere', '1:3: expected a value (nowhere is not defined)'],
    ['x: nop\nx: nop', '2:1: x is defined twice'],
    [
      'ldr x0, [x1, #32761]',
      '1:14: expected 0 to 32760 in steps of 8, or an offset of -256 to 255, or an index register',
    ],
    ['.byte 256', '1:7: expected a number of 8 bits'],
    ['.byte 1\nnop', '2:1: expected an address that is a multiple of 4 here (.align 2)'],
    ['.space 1 << 32', `1:1: expected an image of at most ${64 * 1024 * 1024} bytes`],
    ['.org 8\n.org 4', '2:6: expected an address that is not below this one'],
    ['.word 1 / 0', '1:9: expected a divisor that is not zero'],
    ['mov x0, @', '1:9: unexpected character "@"'],
    ['casp x1, x2, x4, x5, [x0]', '1:26: expected operands of an allocated encoding'],
    [`.word ${'('.repeat(200)}1${')'.repeat(200)}`, '1:107: expected an expression that nests less deeply'],
  ])('says what is wrong with %j', (source, message) => {
    expect(failure(source)).toBe(message);
  });
});
