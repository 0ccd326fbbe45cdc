import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { Workspace } from '../host.test.helper.js';
import { writeDump, type DumpSource } from './write-dump.js';

const space = new Workspace();
afterAll(() => space.dispose());

const MEBIBYTE = 0x10_0000;
const memory = new Map([
  [0x4000_0000, pattern(2 * MEBIBYTE, 1)],
  [0x8000_0000, new Uint8Array(8 * MEBIBYTE)],
  [0xc000_0000, pattern(0x1000, 2)],
]);

const source: DumpSource = {
  arch: 'aarch64',
  ranges: [...memory].map(([base, bytes]) => ({ base, size: bytes.length })),
  vcpus: [
    { x0: 0x1234n, x30: 0xffff_8000_1234_5678n, sp: 0x4010_0000n, pc: 0x4008_0000n, pstate: 0x3c5n },
    { x0: 0x5678n, pc: 0x4008_1000n },
  ],
  read: (address, length) => {
    for (const [base, bytes] of memory) {
      if (address >= base && address + length <= base + bytes.length)
        return bytes.subarray(address - base, address - base + length);
    }
    throw new Error('outside of memory');
  },
};

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

describe('a core dump', () => {
  const path = space.path('vm.gcore');
  beforeAll(() => writeDump(path, source));

  it('holds each range of memory where its program header says', () => {
    const file = readFileSync(path);
    const view = new DataView(file.buffer, file.byteOffset);
    const count = view.getUint16(56, true);
    expect(count).toBe(memory.size + 1);
    const loads = Array.from({ length: count }, (_, index) => 64 + 56 * index).filter(
      (at) => view.getUint32(at, true) === 1,
    );
    for (const at of loads) {
      const [offset, address, , size] = [8, 16, 24, 32].map((field) => Number(view.getBigUint64(at + field, true)));
      const expected = memory.get(address ?? 0);
      expect(size).toBe(expected?.length);
      expect(file.subarray(offset, (offset ?? 0) + (size ?? 0)).equals(expected ?? new Uint8Array(0))).toBe(true);
    }
  });

  it('takes no space for untouched memory, and is for its owner only', () => {
    const { blocks, mode, size } = statSync(path);
    expect(size).toBeGreaterThan(10 * MEBIBYTE);
    expect(blocks * 512).toBeLessThan(4 * MEBIBYTE);
    expect(mode & 0o777).toBe(0o600);
  });

  it('is one to readelf', () => {
    const text = execFileSync('readelf', ['-W', '-h', '-l', '-n', path], { encoding: 'utf8' });
    expect(text).toMatch(/Type:\s+CORE/);
    expect(text).toMatch(/Machine:\s+AArch64/);
    expect(text).toMatch(/LOAD\s+0x\w+ 0x0+40000000 0x0+40000000 0x200000 0x200000 RWE 0x1000/);
    expect(text.match(/NT_PRSTATUS/g)).toHaveLength(2);
    expect(text).not.toMatch(/[Ww]arning|[Ee]rror/);
  });

  it('is never written over another file', async () => {
    await expect(writeDump(path, source)).rejects.toMatchObject({ code: 'host.dump-exists' });
    expect(statSync(path).size).toBeGreaterThan(MEBIBYTE);
  });
});
