import { QvmError } from '@qvm/core';
import fc from 'fast-check';
import { StringTable } from '../recorder/string-table.js';
import { anyEvents, ringRecords, type TestEvent } from '../trace-events.test.helper.js';
import { RecordDecoder } from './record-decoder.js';
import { encodeRecords } from './record-encoder.js';
import { LONGEST_RECORD, Value } from './record-values.js';

const names = new StringTable();
const wide = (words: Uint32Array, value: Value): bigint =>
  (BigInt(words[2 * value + 1] as number) << 32n) | BigInt(words[2 * value] as number);

/** The decoded events, in the form of the encoded ones. */
function decoded(bytes: Uint8Array): unknown[] {
  const decoder = new RecordDecoder(bytes);
  const found: unknown[] = [];
  while (decoder.next()) {
    const { time, id, vcpu, words } = decoder;
    const [vm, name, detail, a, b] = [Value.vm, Value.name, Value.detail, Value.a, Value.b].map((value) =>
      Number(wide(words, value)),
    );
    found.push({ time, id, vcpu, vm, name, detail, a, b, c: wide(words, Value.c), d: wide(words, Value.d) });
  }
  return found;
}

const numbered = ({ vm, name, detail, ...rest }: TestEvent): unknown => ({
  ...rest,
  vm: names.numberOf(vm),
  name: names.numberOf(name),
  detail: names.numberOf(detail),
});

describe('records in a file', () => {
  it('are those of the ring, with all bits', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(decoded(encodeRecords(ringRecords(events, names)))).toEqual(events.map(numbered));
      }),
    );
  });

  it('are short where little changes', () => {
    const exit = {
      id: 1,
      vm: 'one',
      vcpu: 0,
      name: 'mmio',
      detail: 'uart',
      a: 0x9380_0047,
      b: 0,
      c: 0x4000_0064n,
      d: 0n,
    };
    const loop = Array.from({ length: 1000 }, (_, n) => ({ ...exit, time: 1000 * n }));
    expect(encodeRecords(ringRecords(loop, names)).length).toBeLessThan(4 * loop.length + LONGEST_RECORD);
  });

  it('take no more than their longest form', () => {
    const extremes: TestEvent[] = Array.from({ length: 200 }, (_, n) => ({
      id: n & 1 ? 37 : 255,
      vcpu: n & 3 ? n : 255,
      vm: `vm ${n % 7}`,
      name: `name ${n}`,
      detail: n & 4 ? '' : 'detail',
      time: n * 2 ** 44,
      a: n & 2 ? 0 : Number.MAX_SAFE_INTEGER,
      b: n & 2 ? 0xffff_ffff : 0,
      c: n & 2 ? 0x8000_0000_0000_0000n : 0n,
      d: n & 2 ? 0n : 0x7fff_ffff_ffff_ffffn,
    }));
    const bytes = encodeRecords(ringRecords(extremes, names));
    expect(bytes.length).toBeLessThanOrEqual(extremes.length * LONGEST_RECORD);
    expect(decoded(bytes)).toEqual(extremes.map(numbered));
  });

  it('that are anything are read to their end or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          expect(decoded(bytes).length).toBeLessThanOrEqual(bytes.length / 3);
        } catch (error) {
          expect(error).toBeInstanceOf(QvmError);
          expect((error as QvmError).code).toBe('trace.format');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
