import { DESCRIPTOR_BYTES, FakeGuestMemory } from '@qvm/testing';
import fc from 'fast-check';
import { createTestDevice } from '../device/test-device.test.helper.js';
import type { TestDevice, TestSetup } from '../device/test-device.test.helper.js';

/*
 * A driver that writes arbitrary data to its rings. RAM has four parts: rings, tables, data, and a zone that no
 * descriptor names. Whatever the driver does, the device must not throw, must not access that zone, must report each
 * byte that it changes, and must terminate.
 */

const RAM_BYTES = 0x4000;
const BASE = new FakeGuestMemory(RAM_BYTES).base;
const TABLES = 0x1000;
const DATA = 0x2000;
const FORBIDDEN = 0x3000;
const QUEUE_SIZE = 8;

interface Descriptor {
  readonly address: number;
  readonly length: number;
  readonly flags: number;
  readonly extra: number;
}

/** Ranges of RAM outside of the forbidden zone, and addresses outside of RAM. */
const range = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.integer({ min: DATA, max: FORBIDDEN - 0x200 }), fc.nat(0x200)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.nat(0x7f).map((place) => TABLES + place * 16),
      fc.nat(9).map((n) => n * 16),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.nat(0x200), fc.nat(0x40)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom(-BASE, -1, RAM_BYTES, 2 ** 32, 2 ** 52, 2 ** 63),
      fc.constantFrom(0, 1, 16, 0x1000, 0xffff_ffff),
    ),
  },
);

/** NEXT, WRITE and INDIRECT are all likely; AVAIL and USED determine whether a packed queue continues. */
const flags = fc
  .tuple(
    fc.constantFrom(0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7),
    fc.constantFrom(0, 1 << 7, 1 << 7, 1 << 15, (1 << 7) | (1 << 15)),
  )
  .map(([low, high]) => low | high);

const extra = fc.oneof({ weight: 8, arbitrary: fc.nat(QUEUE_SIZE - 1) }, { weight: 1, arbitrary: fc.nat(0xffff) });

const descriptor: fc.Arbitrary<Descriptor> = fc
  .tuple(range, flags, extra)
  .map(([[offset, length], bits, more]) => ({ address: BASE + offset, length, flags: bits, extra: more }));

const attack = fc.record({
  packed: fc.boolean(),
  eventIndex: fc.boolean(),
  ring: fc.array(descriptor, { minLength: QUEUE_SIZE, maxLength: QUEUE_SIZE }),
  tables: fc.array(descriptor, { minLength: 16, maxLength: 64 }),
  /** Available index and entries of a split queue. */
  index: fc.oneof({ weight: 8, arbitrary: fc.nat(QUEUE_SIZE) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
  heads: fc.array(extra, { minLength: QUEUE_SIZE, maxLength: QUEUE_SIZE }),
  /** Order of the device's operations. */
  order: fc.array(fc.constantFrom('pop', 'push', 'push last', 'unpop', 'views', 'notify', 'kicks'), { maxLength: 60 }),
});

type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never;

function putDescriptor(memory: FakeGuestMemory, at: number, packed: boolean, content: Descriptor): void {
  memory.writeU64(at, BigInt.asUintN(64, BigInt(content.address)));
  memory.writeU32(at + 8, content.length);
  memory.writeU16(at + (packed ? 14 : 12), content.flags);
  memory.writeU16(at + (packed ? 12 : 14), content.extra);
}

function mount({ packed, eventIndex, ring, tables, index, heads }: Attack): TestSetup {
  const features = eventIndex ? ~0n : ~(1n << 29n);
  const memory = new FakeGuestMemory(RAM_BYTES);
  const setup = createTestDevice({ packed, features, queueSize: QUEUE_SIZE }, {}, memory);
  setup.driver.start();
  for (let offset = TABLES; offset < RAM_BYTES; offset++) memory.bytes[offset] = (offset * 37) & 0xff;
  const [descriptors, driver] = setup.driver.queue(0).ring.areas;
  ring.forEach((content, at) => putDescriptor(memory, descriptors + at * DESCRIPTOR_BYTES, packed, content));
  tables.forEach((content, at) => putDescriptor(memory, BASE + TABLES + at * DESCRIPTOR_BYTES, packed, content));
  if (!packed) {
    heads.forEach((head, at) => memory.writeU16(driver + 4 + 2 * at, head));
    memory.writeU16(driver + 2, index);
  }
  return setup;
}

/** Performs the operations of the device, with all buffers that it gets. */
function operate({ queue }: TestDevice, order: Attack['order']): void {
  const held: NonNullable<ReturnType<typeof queue.pop>>[] = [];
  let unpoppable = false;
  for (const step of order) {
    const last = held.at(-1);
    if (step === 'pop') {
      const buffer = queue.pop();
      if (buffer !== undefined) held.push(buffer);
      unpoppable = buffer !== undefined;
    } else if (step === 'push' || step === 'push last') {
      const buffer = step === 'push' ? held.shift() : held.pop();
      if (buffer !== undefined) queue.push(buffer, buffer.write(0, new Uint8Array(buffer.writable).fill(0xee)));
      unpoppable = false;
    } else if (step === 'unpop') {
      if (unpoppable && last !== undefined) {
        queue.unpop(last);
        held.pop();
      }
      unpoppable = false;
    } else if (step === 'views') {
      for (const view of last?.writeViews(0, last.writable) ?? []) view.fill(0xdd);
      last?.read(0, new Uint8Array(last.readable));
    } else if (step === 'notify') queue.notify();
    else queue.wantKicks(held.length % 2 === 0);
  }
  for (const buffer of held) queue.push(buffer, 0);
}

it('survives whatever is in its rings', () => {
  let alive = 0;
  fc.assert(
    fc.property(attack, (content) => {
      const { device, harness } = mount(content);
      const { memory } = harness.context;
      const before = memory.bytes.slice();
      const told = new Uint8Array(RAM_BYTES);
      memory.onChange = (address, length) => told.fill(1, address - BASE, address - BASE + length);
      operate(device, content.order);
      memory.bytes.forEach((byte, offset) => {
        if (byte === before[offset]) return;
        if (offset >= FORBIDDEN) throw new Error(`offset ${offset} was changed`);
        if (told[offset] !== 1) throw new Error(`the change of offset ${offset} was not told`);
      });
      alive += device.queue.ready ? 1 : 0;
      harness.vdev.restore(harness.vdev.save());
      harness.vdev.reset();
    }),
    { numRuns: 1000, includeErrorInReport: true },
  );
  // Checks that the driver's data are valid often enough to be processed.
  expect(alive).toBeGreaterThan(100);
});
