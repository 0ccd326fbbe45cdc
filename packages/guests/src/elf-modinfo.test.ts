import { buildElf, buildModule, randomNumbers } from './elf-builder.test.helper.js';
import { elfSection, moduleDependencies, moduleInfo, moduleName } from './elf-modinfo.js';
import { GuestFormatError } from './errors.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('elfSection', () => {
  it.each([32, 64] as const)('finds a section by name among others in a file of %i bits', (bits) => {
    const sections = [
      ['.text', text('code')],
      ['.modinfo', text('a=b\0')],
    ] as const;
    const elf = buildElf(sections, bits);
    expect(elfSection(elf, '.modinfo')).toEqual(text('a=b\0'));
    expect(elfSection(elf, '.mod')).toBeUndefined();
  });

  it('reads count and string table index from section 0 when they do not fit', () => {
    const elf = buildElf([['.modinfo', text('x=y\0')]]);
    const view = new DataView(elf.buffer);
    const table = view.getUint32(0x28, true);
    view.setUint32(table + 32, view.getUint16(0x3c, true), true);
    view.setUint32(table + 40, view.getUint16(0x3e, true), true);
    view.setUint16(0x3c, 0, true);
    view.setUint16(0x3e, 0xffff, true);
    expect(elfSection(elf, '.modinfo')).toEqual(text('x=y\0'));
  });

  it.each([
    ['not ELF', (elf: Uint8Array) => elf.set([0], 1)],
    ['a class that does not exist', (elf: Uint8Array) => elf.set([3], 4)],
    ['big-endian', (elf: Uint8Array) => elf.set([2], 5)],
    ['table beyond the end', (elf: Uint8Array) => elf.set([0xff, 0xff, 0xff, 0xff, 0xff], 0x28)],
    ['offset beyond 2^53', (elf: Uint8Array) => elf.set([0xff], 0x2f)],
    ['header size', (elf: Uint8Array) => elf.set([63], 0x3a)],
    ['string table index', (elf: Uint8Array) => elf.set([9], 0x3e)],
  ])('refuses: %s', (_, damage) => {
    const elf = buildModule('a');
    damage(elf);
    expect(() => elfSection(elf, '.modinfo')).toThrow(GuestFormatError);
  });

  it('throws nothing but GuestFormatError whatever is damaged', () => {
    const seed = Date.now() & 0xffffff;
    const random = randomNumbers(seed);
    for (let round = 0; round < 5000; round++) {
      const elf = round % 2 === 0 ? buildModule('a', 'b') : buildElf([['.modinfo', text('depends=a\0')]], 32);
      for (let i = 0; i < 4; i++) elf[random() % elf.length] = random() & 0xff;
      const cut = elf.subarray(0, random() % 4 === 0 ? random() % elf.length : elf.length);
      try {
        moduleInfo(cut);
      } catch (error) {
        if (!(error instanceof GuestFormatError)) throw new Error(`seed ${seed} round ${round}`, { cause: error });
      }
    }
  });
});

describe('moduleDependencies', () => {
  it('lists them in order, by the names the kernel uses', () => {
    expect(moduleDependencies(buildModule('virtio-ring', 'net_failover'))).toEqual(['virtio_ring', 'net_failover']);
    expect(moduleDependencies(buildModule())).toEqual([]);
    expect(moduleName('virtio-blk')).toBe('virtio_blk');
  });

  it('refuses names that are paths, and files that are no modules', () => {
    expect(() => moduleDependencies(buildModule('../x'))).toThrow(GuestFormatError);
    expect(() => moduleDependencies(buildElf([['.text', text('')]]))).toThrow('no .modinfo');
  });
});
