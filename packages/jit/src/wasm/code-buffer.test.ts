import { CodeBuffer } from './code-buffer.js';

/** Decodes a signed LEB128 number. */
function readSigned(bytes: Uint8Array): bigint {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if ((byte & 0x80) === 0) return BigInt.asIntN(Number(shift), value);
  }
  throw new Error('the last byte is missing');
}

/** Smallest number of bytes for a signed number. */
function signedLength(value: bigint): number {
  let bytes = 1;
  while (BigInt.asIntN(7 * bytes, value) !== value) bytes++;
  return bytes;
}

const POWERS = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
const EDGES = [...new Set([0n, ...POWERS.flatMap((p) => [p - 1n, p, p + 1n, -p, -p - 1n, 1n - p])])];

describe('CodeBuffer', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [16383, [0xff, 0x7f]],
    [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('encodes the unsigned number %d', (value, bytes) => {
    expect([...new CodeBuffer().unsigned(value).toBytes()]).toEqual(bytes);
  });

  it.each([
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-1, [0x7f]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-0x8000_0000, [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('encodes the signed number %d', (value, bytes) => {
    expect([...new CodeBuffer().signed(value).toBytes()]).toEqual(bytes);
  });

  it('encodes 64-bit numbers around every power of two in the fewest bytes', () => {
    for (const edge of EDGES) {
      const value = BigInt.asIntN(64, edge);
      const bytes = new CodeBuffer(1).signed64(Number(BigInt.asIntN(32, value)), Number(value >> 32n)).toBytes();
      expect([value, readSigned(bytes), bytes.length]).toEqual([value, value, signedLength(value)]);
    }
  });

  it('encodes 32-bit numbers around every power of two in the fewest bytes', () => {
    for (const edge of EDGES) {
      const [signed, unsigned] = [BigInt.asIntN(32, edge), BigInt.asUintN(32, edge)];
      const bytes = new CodeBuffer(1).signed(Number(signed)).toBytes();
      expect([signed, readSigned(bytes), bytes.length]).toEqual([signed, signed, signedLength(signed)]);
      const plain = new CodeBuffer(1).unsigned(Number(unsigned)).toBytes();
      // An unsigned number would need one more bit for the sign.
      const back = plain.reduceRight((number, byte) => (number << 7n) | BigInt(byte & 0x7f), 0n);
      expect([unsigned, back, plain.length]).toEqual([
        unsigned,
        unsigned,
        Math.max(1, Math.ceil(unsigned.toString(2).length / 7)),
      ]);
    }
  });

  it('extends the low half with its sign when no high half is given', () => {
    expect(readSigned(new CodeBuffer().i64(-5).toBytes().subarray(1))).toBe(-5n);
  });

  it('writes prefixed opcodes of two and more bytes', () => {
    expect([...new CodeBuffer().op(0x6a).op(0xfd0c).op(0xfdcb).op(0xfe48).toBytes()]).toEqual([
      0x6a, 0xfd, 0x0c, 0xfd, 0xcb, 0x01, 0xfe, 0x48,
    ]);
  });

  it('counts labels from the innermost block', () => {
    const code = new CodeBuffer();
    const outer = code.block();
    code.loop();
    code.clear();
    const [first, second] = [code.block(), code.block()];
    code.br(second).br(first).brTable([second, first], first);
    expect(outer).toBe(first);
    expect([...code.toBytes()].slice(4)).toEqual([0x0c, 0, 0x0c, 1, 0x0e, 2, 0, 1, 1]);
  });

  it('grows', () => {
    const code = new CodeBuffer(1);
    code.append(Uint8Array.of(1, 2, 3)).byte(4);
    expect([...code.toBytes()]).toEqual([1, 2, 3, 4]);
  });
});
