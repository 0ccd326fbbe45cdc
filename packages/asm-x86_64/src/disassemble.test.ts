import { encodingsIn } from '@qvm/isa-testing';
import { x86Tables } from '@qvm/isa-x86_64';
import { disassemble } from './disassemble.js';
import { normalise, readRecording } from './recording.test.helper.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The tables that a mode has, with the number of their encodings. */
const cases = ([64, 32, 16] as const).flatMap((bits) =>
  Object.entries(x86Tables).map(
    ([table, rows]) => [bits, table, encodingsIn(rows, { bits, flat: true }).length] as const,
  ),
);

describe.each(cases.filter(([, , encodings]) => encodings > 0))('%d-bit code, %s', (bits, table, encodings) => {
  const recorded = readRecording(table, bits);

  it('has instructions of most encodings', () => {
    expect(recorded.length).toBeGreaterThan(encodings / 2);
  });

  it('disassembles as objdump does', () => {
    const wrong = recorded.flatMap(({ bytes, pc, text }) => {
      const ours = disassemble(bytes, pc, bits);
      const same = ours?.length === bytes.length && normalise(ours.text) === normalise(text);
      return same ? [] : [{ bytes: hex(bytes), objdump: text, ours }];
    });
    expect(wrong).toEqual([]);
  });
});

describe('disassemble', () => {
  it('returns nothing for bytes that are no instruction, or not all of it', () => {
    expect(disassemble(Uint8Array.of(0x0f, 0x04))).toBeUndefined();
    expect(disassemble(Uint8Array.of(0x06), 0, 64)).toBeUndefined();
    expect(disassemble(Uint8Array.of(0x48, 0xb8, 1, 2))).toBeUndefined();
    expect(disassemble(new Uint8Array(0))).toBeUndefined();
  });

  it('shows targets as absolute addresses', () => {
    expect(disassemble(Uint8Array.of(0xeb, 0xfe), 0x1000n)).toEqual({ text: 'jmp 0x1000', length: 2 });
    expect(disassemble(Uint8Array.of(0xf0, 0x48, 0x0f, 0xb1, 0x0d, 0, 0, 0, 0), 0x1000)?.text).toBe(
      'lock cmpxchg QWORD PTR [rip+0x0],rcx        # 0x1009',
    );
  });
});
