import type { AccessWidth } from '@qvm/core/vdev';
import { FakeGuestMemory } from '@qvm/testing';
import fc from 'fast-check';
import { BASE, FACTORIES, RAM_BYTES, sessionWith, setUpQueue } from '../transport/hostile-driver.test.helper.js';
import { createPciDevice, hasCounterpart, type PciDevice } from './pci-driver.test.helper.js';

/*
 * Like the test of the registers over MMIO; besides, the driver writes anywhere into the BAR and the configuration
 * space, so that the BAR moves, the function is no bus master at times, and messages are masked.
 */

const width = fc.constantFrom<AccessWidth[]>(1, 2, 4);
const word = fc.oneof(fc.constantFrom(0, 1, 4, 6, 0x8000, 0xffff_ffff), fc.nat(0xffff_ffff));
/** Mostly those of registers, so that something happens. */
const barOffset = fc.oneof(
  fc.nat(0x40),
  fc.nat(0x40).map((at) => 0x4000 + at),
  fc.nat(0x7fff),
);
const configOffset = fc.oneof(fc.constantFrom(4, 0x10, 0x42, 0x43), fc.nat(0xff), fc.nat(0xfff));
const raw = fc.record({ config: fc.boolean(), bar: barOffset, offset: configOffset, width, value: word });

type Raw = typeof raw extends fc.Arbitrary<infer T> ? T : never;

const MEMORY_AND_BUS_MASTER = 6;

function writeRaw({ bar, fn }: PciDevice, { config, bar: at, offset, width: bytes, value }: Raw): void {
  const cut = value % 2 ** (8 * bytes);
  if (config) fn.config.write(offset, bytes, cut);
  else bar.write(at & -bytes, cut, bytes);
  const read = config ? fn.config.read(offset, bytes) : 0;
  if (!Number.isInteger(read) || read < 0 || read >= 2 ** (8 * bytes)) throw new Error(`read gave ${read}`);
  // The mock driver finds the BAR where it was.
  fn.config.write(0x10, 4, 0x2000_0000);
  fn.config.write(4, 2, fn.config.read(4, 2) | (value & 1 ? MEMORY_AND_BUS_MASTER : 2));
}

function check({ vdev, context }: PciDevice): void {
  const text = JSON.stringify(vdev.status());
  if (JSON.stringify(JSON.parse(text)) !== text) throw new Error('the status is not JSON');
  const snapshot = vdev.save();
  vdev.restore(snapshot);
  if (JSON.stringify(vdev.save()) !== JSON.stringify(snapshot)) throw new Error('a restore changed the state');
  context.runPosted();
}

describe.each(FACTORIES.map(([factory, options]) => ({ type: factory.type, factory, options })))(
  '$type over PCI',
  ({ factory, options }) => {
    it.each([{}, { packed: true }])('survives any use of its registers (%p)', (transport) => {
      const session = fc.tuple(sessionWith(setUpQueue), fc.array(raw, { maxLength: 30 }));
      fc.assert(
        fc.property(session, ([{ accesses, ram, input }, rawAccesses]) => {
          const memory = new FakeGuestMemory(RAM_BYTES);
          const pci = createPciDevice(factory, { options: { ...options, ...transport }, context: { memory } });
          for (let at = 0; at < RAM_BYTES / 4; at++) memory.writeU32(BASE + 4 * at, ram[at % ram.length] ?? 0);
          accesses.flat().forEach(([offset, content], index) => {
            const more = rawAccesses[index];
            if (more !== undefined) writeRaw(pci, more);
            if (hasCounterpart(offset)) pci.write(offset, content >>> 0);
          });
          for (const backend of pci.context.backends.values()) backend.feed(input);
          pci.context.runPosted();
          check(pci);
          pci.vdev.reset();
          void pci.vdev.dispose();
        }),
        { numRuns: 250 },
      );
    });
  },
);
