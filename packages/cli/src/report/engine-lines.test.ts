import type { Json } from '@qvm/core';
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

  it('counts pages that were decoded anew for another mode only where there are any', () => {
    expect(engineLines({ ...ENGINE, modeChanges: 4 }, 1000)[0]).toMatch(/1 for room, 4 for execution in another mode$/);
    expect(engineLines({ ...ENGINE, modeChanges: 0 }, 1000)[0]).toMatch(/1 for room$/);
  });

  it('tells the last fault of a vCPU and how often it came', () => {
    const fault = { exception: 'data abort', text: 'at 0x40000010, EL1: ldr x0, [x1] reads 0x8: nothing is there' };
    const lines = (faults: Json): readonly string[] => engineLines({ vcpus: [{ faults }] }, 0);
    expect(lines({ taken: 7, repeated: 5, endless: false, last: fault })[0]).toBe(
      `faults 0      7 taken, the last one 5 times in a row: data abort ${fault.text}`,
    );
    expect(lines({ taken: 7, repeated: 1, endless: true, last: fault })[0]).toBe(
      `faults 0      7 taken, the last one: data abort ${fault.text}; the vCPU does nothing but take exceptions`,
    );
    expect(lines({ taken: 0, repeated: 0, endless: false, last: null })[0]).toMatch(/^exits 0/);
  });

  it('says nothing of regions where the interpreter is alone, and shows what it does not know as it is', () => {
    expect(engineLines({ regions: null, vcpus: [{ exits: {}, tlb: {} }], words: { a: 1 } }, 0)).toEqual([
      'exits 0       none',
      'tlb 0         0 fills, 0 flushes, 0 switches of address space (0 to a new one)',
      'words         {"a":1}',
    ]);
  });
});
