import { VmMemory } from '@qvm/core/architecture';
import { RegionLinks } from './region-links.js';

function makeLinks(): { links: RegionLinks; memory: VmMemory } {
  const memory = new VmMemory(RegionLinks.bytes + 0x2_0000);
  return { links: new RegionLinks(memory), memory };
}

describe('RegionLinks', () => {
  it('gives memory that nobody else has, with 0 in it', () => {
    const { links, memory } = makeLinks();
    const taken: [number, number][] = [];
    for (let count = 1; count < 200; count += 13) {
      const at = links.take(count) as number;
      expect([...memory.u32.subarray(at >>> 2, (at >>> 2) + count)].every((link) => link === 0)).toBe(true);
      memory.u32.fill(0xffff_ffff, at >>> 2, (at >>> 2) + count);
      for (const [other, size] of taken) expect(at + count * 4 <= other || other + size * 4 <= at).toBe(true);
      taken.push([at, count]);
    }
  });

  it('gives again what was given back, and nothing when all is taken', () => {
    const { links, memory } = makeLinks();
    const taken: number[] = [];
    for (let at = links.take(1000); at !== undefined; at = links.take(1000)) taken.push(at);
    expect(taken.length).toBe(RegionLinks.bytes / 4 / 1024);
    const last = taken.at(-1) as number;
    memory.u32[last >>> 2] = 7;
    links.give(last, 1000);
    expect(links.take(990)).toBe(last);
    expect(memory.u32[last >>> 2]).toBe(0);
    expect(links.take(1)).toBeUndefined();
  });
});
