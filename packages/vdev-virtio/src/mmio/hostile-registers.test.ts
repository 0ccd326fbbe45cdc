import { createVdev, FakeGuestMemory } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import fc from 'fast-check';
import {
  BASE,
  FACTORIES,
  RAM_BYTES,
  sessionWith,
  setUpLegacyQueue,
  setUpQueue,
} from '../transport/hostile-driver.test.helper.js';

function check({ vdev, context }: VdevHarness): void {
  const text = JSON.stringify(vdev.status());
  if (JSON.stringify(JSON.parse(text)) !== text) throw new Error('the status is not JSON');
  const snapshot = vdev.save();
  vdev.restore(snapshot);
  if (JSON.stringify(vdev.save()) !== JSON.stringify(snapshot)) throw new Error('a restore changed the state');
  context.runPosted();
}

describe.each(FACTORIES.map(([factory, options]) => ({ type: factory.type, factory, options })))(
  '$type',
  ({ factory, options }) => {
    it.each([
      ['split rings', setUpQueue, {}],
      ['packed rings', setUpQueue, { packed: true }],
      ['version 1', setUpLegacyQueue, { legacy: true }],
    ])('survives any use of its registers (%s)', (_, setUp, transport) => {
      fc.assert(
        fc.property(sessionWith(setUp), ({ accesses, ram, input }) => {
          const memory = new FakeGuestMemory(RAM_BYTES);
          const harness = createVdev(factory, { options: { ...options, ...transport }, context: { memory } });
          for (let word = 0; word < RAM_BYTES / 4; word++)
            memory.writeU32(BASE + 4 * word, ram[word % ram.length] ?? 0);
          for (const [offset, content] of accesses.flat()) {
            harness.write(offset, content);
            const read = harness.read(offset);
            if (!Number.isInteger(read) || read < 0 || read > 0xffff_ffff) throw new Error(`read gave ${read}`);
          }
          for (const backend of harness.context.backends.values()) backend.feed(input);
          harness.context.runPosted();
          check(harness);
          harness.vdev.reset();
          void harness.vdev.dispose();
        }),
        { numRuns: 400 },
      );
    });
  },
);
