import { readVirtualMemory, type ReadableVm } from './read-memory.js';

const PAGE = 0x1000;
const HIGH = 0xffff_8000_0000_0000n;
/** Maps virtual pages from HIGH on to guest-physical pages. */
const PAGES = new Map([
  [0n, 0x4000_5000],
  [1n, 0x4000_2000],
  [2n, 0x4000_9000],
]);

const vm: ReadableVm = {
  name: 'guest',
  vcpus: [
    {
      translate: (address) => {
        const page = PAGES.get((address - HIGH) / BigInt(PAGE));
        return page === undefined || address < HIGH ? undefined : page + Number((address - HIGH) % BigInt(PAGE));
      },
    },
  ],
  ram: [{ kind: 'ram', base: 0x4000_0000, size: 0x10_0000 }],
  memory: {
    // Each byte identifies its page, and memory is read within one page at a time.
    read: (address, length) => {
      expect(Math.floor(address / PAGE)).toBe(Math.floor((address + length - 1) / PAGE));
      return new Uint8Array(length).fill((address / PAGE) & 0xff);
    },
  },
};

describe('memory by virtual address', () => {
  it('is put together from the pages that the tables name', () => {
    const bytes = readVirtualMemory(vm, 0, HIGH + 0xffen, 0x1004);
    expect([bytes[0], bytes[1], bytes[2], bytes[0x1001], bytes[0x1002], bytes[0x1003]]).toEqual([5, 5, 2, 2, 9, 9]);
  });

  it('says what is not mapped, which vCPU there is not, and what is too much', () => {
    const codeOf = (vcpu: number, address: bigint, length: number): unknown => {
      try {
        return readVirtualMemory(vm, vcpu, address, length);
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    expect(codeOf(0, HIGH, 0x3001)).toBe('host.not-mapped');
    expect(codeOf(0, (1n << 64n) - 1n, 2)).toBe('host.not-mapped');
    expect(codeOf(1, HIGH, 1)).toBe('host.no-vcpu');
    expect(codeOf(0, HIGH, 0x10_0001)).toBe('host.memory-read');
  });
});
