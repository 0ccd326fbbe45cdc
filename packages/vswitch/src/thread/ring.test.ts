import { QvmError } from '@qvm/core';
import { MAXIMUM_FRAME, type FrameOffload } from '@qvm/core/services';
import fc from 'fast-check';
import { LARGEST_RECORD } from './frame-record.js';
import { allocateRings, FIRST_POSITION, ringsIn, Word } from './ring-layout.js';
import { RingConsumer } from './ring-consumer.js';
import { RingProducer } from './ring-producer.js';

const CAPACITY = 1 << 18;

function makeRing() {
  const [memory] = ringsIn(allocateRings(CAPACITY));
  return { memory, producer: new RingProducer(memory), consumer: new RingConsumer(memory) };
}

function bytes(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * 31 + seed) & 0xff);
}

const offloads = fc.option(
  fc.record({
    needsChecksum: fc.boolean(),
    checksumStart: fc.nat(0xffff),
    checksumOffset: fc.nat(0xffff),
    segmentation: fc.constantFrom('none' as const, 'tcp4' as const, 'tcp6' as const),
    segmentSize: fc.nat(0xffff),
    ecn: fc.boolean(),
  }),
  { nil: undefined },
);
const lengths = fc.oneof(fc.integer({ min: 14, max: 200 }), fc.integer({ min: 14, max: MAXIMUM_FRAME }));

describe('a ring', () => {
  it('gives every frame as it was, in order, around its end, and refuses what does not fit', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(lengths, offloads, fc.nat(3)), { maxLength: 60 }), (steps) => {
        const { producer, consumer } = makeRing();
        const waiting: { readonly frame: Uint8Array; readonly offload: FrameOffload | undefined }[] = [];
        for (const [index, [length, offload, reads]] of steps.entries()) {
          const frame = bytes(length, index);
          const used = waiting.reduce((sum, { frame: { length: size } }) => sum + Math.ceil(size / 16) * 16 + 16, 0);
          const written = producer.write(frame, offload);
          expect(written).toBe(used + Math.ceil(length / 16) * 16 + 16 <= CAPACITY);
          if (written) waiting.push({ frame, offload });
          for (let count = 0; count < reads; count++) {
            const read = consumer.peek();
            const due = waiting.shift();
            expect(read?.offload).toEqual(due?.offload);
            expect(Buffer.compare(read?.frame ?? Buffer.alloc(0), due?.frame ?? Buffer.alloc(0))).toBe(0);
            consumer.advance();
          }
        }
        expect(consumer.broken).toBe(false);
      }),
    );
  });

  it('goes on when its positions pass 2^32', () => {
    const { memory, producer, consumer } = makeRing();
    let moved = 0;
    const large = bytes(MAXIMUM_FRAME, 1);
    while (FIRST_POSITION + moved < 2 ** 32 + CAPACITY) {
      if (!producer.write(large, undefined)) throw new Error(`no room after ${moved} bytes`);
      if (consumer.peek()?.frame.length !== MAXIMUM_FRAME) throw new Error(`no frame after ${moved} bytes`);
      consumer.advance();
      moved += LARGEST_RECORD;
    }
    expect(Atomics.load(memory.control, Word.head)).toBe(Atomics.load(memory.control, Word.tail));
    expect(consumer.broken).toBe(false);
  });

  it('wakes a consumer that sleeps, once', () => {
    const { producer, consumer } = makeRing();
    expect(producer.takeSleeper()).toBe(false);
    expect(consumer.sleep()).toBe(true);
    producer.write(bytes(60, 1), undefined);
    expect([producer.takeSleeper(), producer.takeSleeper()]).toEqual([true, false]);
    expect(consumer.sleep()).toBe(false);
    expect(producer.takeSleeper()).toBe(false);
  });

  it.each([
    ['a head beyond the ring', (control: Int32Array) => (control[Word.head] = FIRST_POSITION + CAPACITY + 16)],
    ['a head before the tail', (control: Int32Array) => (control[Word.head] = FIRST_POSITION - 16)],
    ['a head inside a record', (control: Int32Array) => (control[Word.head] = FIRST_POSITION + 8)],
    ['a record longer than what is there', (control: Int32Array) => (control[Word.head] = FIRST_POSITION + 16)],
  ])('ends with %s', (_name, damage) => {
    const { memory, producer, consumer } = makeRing();
    producer.write(bytes(60, 1), undefined);
    damage(memory.control);
    expect(consumer.peek()).toBeUndefined();
    expect(consumer.broken).toBe(true);
    expect(consumer.sleep()).toBe(true);
  });

  it('ends with a frame too short, too long or cut in an unknown way', () => {
    for (const [at, value] of [
      [0, 13],
      [2, 0xff],
      [5, 3],
    ] as const) {
      const { memory, producer, consumer } = makeRing();
      producer.write(bytes(60, 1), undefined);
      memory.data[(FIRST_POSITION & (CAPACITY - 1)) + at] = value;
      expect(consumer.peek()).toBeUndefined();
      expect(consumer.broken).toBe(true);
    }
  });

  it('does no harm with any contents: frames are private copies of valid lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 12 }),
        fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 16, 17, 18), fc.integer()), { maxLength: 4 }),
        (damage, words) => {
          const { memory, producer, consumer } = makeRing();
          for (let index = 0; index < 5; index++) producer.write(bytes(60 + index, index), undefined);
          for (const [at, value] of damage) memory.data[at] = value;
          for (const [word, value] of words) memory.control[word] = value;
          for (let count = 0; count < 10_000; count++) {
            const read = consumer.peek();
            if (read === undefined) break;
            expect(read.frame.buffer).not.toBe(memory.data.buffer);
            expect(read.frame.length).toBeGreaterThanOrEqual(14);
            expect(read.frame.length).toBeLessThanOrEqual(MAXIMUM_FRAME);
            consumer.advance();
          }
          producer.write(bytes(60, 1), undefined);
        },
      ),
    );
  });

  it.each([0, 1000, 1 << 16, (1 << 18) + 16])('has no capacity of %p bytes', (capacity) => {
    expect(() => allocateRings(capacity)).toThrow(QvmError);
    expect(() => ringsIn(new SharedArrayBuffer(2 * (capacity + 128)))).toThrow(QvmError);
  });
});
