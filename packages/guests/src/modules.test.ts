import { buildModule } from './elf-builder.test.helper.js';
import { ModuleSet } from './modules.js';

function moduleSet(table: Record<string, string[]>, builtIn: string[] = []): ModuleSet {
  return new ModuleSet({
    load: async (name) => table[name] && buildModule(...table[name]),
    isBuiltIn: (name) => builtIn.includes(name),
  });
}

describe('ModuleSet', () => {
  it('puts each module after what it depends on, once', async () => {
    const set = moduleSet({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [], e: ['a'] });
    expect(await set.resolve(['a', 'c', 'e'])).toEqual({ order: ['d', 'b', 'c', 'a', 'e'], absent: [] });
    expect((await set.resolve(['c'])).order).toEqual(['d', 'c']);
    expect(set.data('d')).toEqual(buildModule());
  });

  it('takes names with dashes', async () => {
    expect((await moduleSet({ virtio_blk: [] }).resolve(['virtio-blk'])).order).toEqual(['virtio_blk']);
  });

  it('leaves out what is built in, and tells what is absent', async () => {
    const set = moduleSet({ a: ['core'] }, ['core', 'virtio']);
    expect(await set.resolve(['virtio', 'a', 'gone'])).toEqual({ order: ['a'], absent: ['gone'] });
  });

  it('knows what ext4 asks for by name', async () => {
    const set = moduleSet({ ext4: ['jbd2'], jbd2: [], crc32c_generic: [] });
    expect((await set.resolve(['ext4'])).order).toEqual(['jbd2', 'crc32c_generic', 'ext4']);
  });

  it('refuses circles, endless chains and missing dependencies', async () => {
    await expect(moduleSet({ a: ['b'], b: ['a'] }).resolve(['a'])).rejects.toThrow('a → b → a');
    await expect(moduleSet({ a: ['gone'] }).resolve(['a'])).rejects.toThrow('gone, needed by a,');
    const chain = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`m${i}`, [`m${i + 1}`]]));
    await expect(moduleSet(chain).resolve(['m0'])).rejects.toThrow('too deep');
  });

  it('is not confused by names of object properties', async () => {
    expect(await moduleSet({}).resolve(['ghost'])).toEqual({ order: [], absent: ['ghost'] });
    const set = new ModuleSet({ load: async () => buildModule(), isBuiltIn: () => false });
    expect((await set.resolve(['constructor'])).order).toEqual(['constructor']);
  });
});
