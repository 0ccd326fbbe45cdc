import { engineLines } from './engine-lines.js';

const ENGINE = {
  codePages: 12,
  decoded: 3000,
  invalidated: 2,
  evicted: 1,
  regions: {
    regions: 40,
    inlined: 8,
    modules: 5,
    bytes: 0x18_0000,
    translated: 900,
    refused: 3,
    dropped: 6,
    milliseconds: 71.6,
    longestPause: 12.34,
    live: { regions: 34, modules: 4 },
  },
  vcpus: [
    {
      exits: { mmio: 5, sysreg: 70 },
      tlb: { fills: 9, bankSwitches: 8, bankMisses: 7, flushes: 6 },
      regionInstructions: 750,
      regionEntries: 30,
    },
  ],
};

describe('engineLines', () => {
  it('tells the share of the tiers, what translating cost, and the exits, most frequent first', () => {
    expect(engineLines(ENGINE, 1000)).toEqual([
      'code          12 pages; 3000 instructions decoded; 2 pages dropped by writes, 1 for room',
      'tiers         75.0 % of the instructions in regions, 25.0 % interpreted; 30 entries of regions, 25 instructions each',
      'regions       40 translated (8 with their callees), 3 refused, 6 dropped; live: 34 in 4 modules',
      'translation   900 instructions to 1.5 MiB in 5 modules; 72 ms, 12.3 ms at most in one go',
      'exits 0       sysreg 70, mmio 5',
      'tlb 0         9 fills, 6 flushes, 8 switches of address space (7 to a new one)',
    ]);
  });

  it('says nothing of regions where the interpreter is alone, and shows what it does not know as it is', () => {
    expect(engineLines({ regions: null, vcpus: [{ exits: {}, tlb: {} }], words: { a: 1 } }, 0)).toEqual([
      'exits 0       none',
      'tlb 0         0 fills, 0 flushes, 0 switches of address space (0 to a new one)',
      'words         {"a":1}',
    ]);
  });
});
