import { placesFor, ramPieces } from '@qvm/core/board';
import type { VdevResources } from '@qvm/core/vdev';
import { pc } from './index.js';

const GIB = 0x4000_0000;
const namesOf = (values: unknown): readonly { readonly name: string }[] =>
  (typeof values === 'object' && values !== null ? Object.keys(values) : values === undefined ? [] : ['first']).map(
    (name) => ({ name }),
  );

/** All numbers of one kind that places have. */
function everything(kind: 'mmio' | 'ports' | 'interrupts'): readonly number[] {
  return Object.entries(pc.places).flatMap(([type, { base, port, interrupt }]) => {
    const resources: VdevResources = {
      mmio: namesOf(base).map(({ name }) => ({ name, size: 4 })),
      ports: namesOf(port).map(({ name }) => ({ name, size: 1 })),
      interrupts: namesOf(interrupt),
    };
    return placesFor(pc, type, resources).flatMap((place) => Object.values(place[kind]));
  });
}

describe('pc', () => {
  it.each(['mmio', 'ports', 'interrupts'] as const)('has %s of its own for each vdev', (kind) => {
    const found = everything(kind);
    expect(found.length).toBeGreaterThan(5);
    expect(new Set(found).size).toBe(found.length);
  });

  it('has interrupts that its I/O APIC has, and registers in the hole below 4 GiB', () => {
    for (const interrupt of everything('interrupts')) {
      expect([interrupt, interrupt >= pc.interrupts.first && interrupt <= pc.interrupts.last]).toEqual([
        interrupt,
        true,
      ]);
    }
    const hole = pc.ram.holes?.find(({ shadow }) => shadow !== true);
    if (hole === undefined) throw new Error('no hole');
    for (const base of everything('mmio')) {
      expect([base, base >= hole.base && base < hole.base + hole.size]).toEqual([base, true]);
    }
  });

  it('has windows to PCI in no place of another vdev, and outside of RAM', () => {
    const { memory32, memory64 } = pc.places['pci-host']?.windows ?? {};
    const inside = ({ base, size } = { base: 0, size: 0 }) =>
      everything('mmio').filter((at) => at >= base && at < base + size);
    expect([inside(memory32), inside(memory64)]).toEqual([[], []]);
    const most = ramPieces(pc.ram, 0, 64 * GIB);
    for (const window of [memory32, memory64]) {
      const { base = 0, size = 0 } = window ?? {};
      expect(most.filter((ram) => base < ram.base + ram.size && ram.base < base + size)).toEqual([]);
    }
  });

  it('leaves room above all places for windows of vdevs, within the 40 address bits of its processors', () => {
    const ends = Object.values(pc.places).flatMap(({ windows = {} }) =>
      Object.values(windows).map(({ base, size }) => base + size),
    );
    expect(Math.max(...ends) + 64 * GIB).toBeLessThan(2 ** 40);
  });

  // `info mtree -f` of QEMU 7.2, -M q35; COM2 and interrupts of the ISA bus by convention, the PM block where SeaBIOS puts it.
  it.each<readonly [string, readonly string[], readonly number[], readonly number[]]>([
    ['pic', ['master', 'slave', 'elcr'], [0x20, 0xa0, 0x4d0], []],
    ['pit', ['counters', 'control'], [0x40, 0x61], [0]],
    ['rtc', ['registers'], [0x70], [8]],
    ['uart', ['registers'], [0x3f8, 0x2f8], [4, 3]],
    ['ps2', ['data', 'command'], [0x60, 0x64], [1]],
    ['pc-reset', ['control'], [0x92], []],
    ['acpi-pm', ['registers'], [0x600], [9]],
    ['fw-cfg', ['registers'], [0x510], []],
    ['pci-host', ['config'], [0xcf8], [16]],
  ])('has the ports of %s where PCs have them', (role, ranges, ports, interrupts) => {
    const places = placesFor(pc, 'any', {
      role,
      ports: ranges.map((name) => ({ name, size: 1 })),
      interrupts: namesOf(pc.places[role]?.interrupt).slice(0, 1),
    });
    expect(places.flatMap((place) => Object.values(place.ports))).toEqual(ports);
    expect(places.flatMap((place) => Object.values(place.interrupts))).toEqual(interrupts);
  });

  it.each([
    ['local-apic', 0xfee0_0000],
    ['ioapic', 0xfec0_0000],
    ['hpet', 0xfed0_0000],
    ['pci-host', 0xb000_0000],
  ])('has the registers of %s where PCs have them', (role, base) => {
    const [range = { name: '' }] = namesOf(pc.places[role]?.base);
    const [place] = placesFor(pc, 'any', { role, mmio: [{ name: range.name, size: 4 }] });
    expect(Object.values(place?.mmio ?? {})).toEqual([base]);
  });
});
