import { GuestPhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { RamRegion } from '@qvm/core/architecture';
import { engineModule } from '../engine-module.js';
import { MainRam } from '../memory/main-ram.js';
import { PAGE_BYTES } from '../memory/page.js';
import { toySets } from '../toy-machine/toy-vcpu.test.helper.js';
import { CodeCache } from './code-cache.js';
import type { CodeCacheClient } from './code-cache.js';

const RAM = 0x10_0000;
const CODE_BYTES = CodeCache.bytesFor(4);

/** A code cache with a page of INC instructions, and a clock of retired instructions. */
class Patched implements CodeCacheClient {
  instructions = 0;
  readonly ip = 0;
  readonly cache: CodeCache;
  /** Address of the record of the first instruction. */
  readonly record: number;
  /** Drops of regions: each write hits a region. */
  drops = 0;

  constructor() {
    const memory = new VmMemory(CODE_BYTES + 0x4_0000);
    const map = new GuestPhysicalMap(memory);
    const region: RamRegion = map.addRam('ram', 'ram', RAM, 4 * PAGE_BYTES);
    const { predecoder } = engineModule(toySets[0] as (typeof toySets)[number]);
    this.cache = new CodeCache(memory, () => predecoder, new MainRam(memory, map), CODE_BYTES);
    this.cache.addClient(this);
    this.cache.onDrop = () => {
      this.drops++;
      return true;
    };
    this.record = this.cache.recordFor(this.cache.codeOf(RAM, region, 0), 0);
    this.run();
  }

  /** Executes the page, of which regions are made. */
  run(): void {
    this.cache.decode(this.record);
    this.cache.markProfiled(this.record);
  }

  /** Writes to the page `count` times, and executes it after each; returns the number of writes that are not noticed. */
  write(count: number, apart: number): number {
    let free = 0;
    for (let i = 0; i < count; i++) {
      this.instructions += apart;
      if (this.cache.prepareWrite(RAM + 64 + (i % 100), 1)) free++;
      this.run();
    }
    return free;
  }

  protect(): void {
    // There is no TLB.
  }

  dropCode(): void {
    // There is no TLB.
  }

  leaveCode(): void {
    // There is no TLB.
  }

  get mayHaveRegions(): boolean {
    return this.cache.place(this.record) !== undefined;
  }
}

describe('a page of code that is written', () => {
  it('may have regions for good if it is patched now and then', () => {
    const page = new Patched();
    for (let i = 0; i < 40; i++) {
      page.instructions += 20_000_000;
      page.write(20, 1000);
      expect(page.mayHaveRegions).toBe(true);
    }
    expect(page.drops).toBe(800);
  });

  it('gets no regions while it is written as it runs, and later again', () => {
    const page = new Patched();
    page.write(20, 100_000);
    expect(page.mayHaveRegions).toBe(false);
    page.write(1000, 100_000);
    expect(page.mayHaveRegions).toBe(false);
    page.instructions += 20_000_000;
    expect(page.mayHaveRegions).toBe(true);
    page.write(3, 100_000);
    expect(page.mayHaveRegions).toBe(false);
  });

  it('is replaced by many writes at a time, not by as many over the time', () => {
    expect(new Patched().write(32, 100)).toBe(0);
    expect(new Patched().write(33, 100)).toBe(1);
    expect(new Patched().write(1000, 100_000)).toBe(0);
  });

  it('that holds code and data is one no longer when it has been left alone', () => {
    const page = new Patched();
    expect(page.write(33 * 8, 100)).toBe(8);
    expect(page.write(1000, 100)).toBe(0);
    page.instructions += 200_000_000;
    expect(page.write(33, 100)).toBe(1);
  });
});
