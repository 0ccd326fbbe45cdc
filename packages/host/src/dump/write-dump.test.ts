import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { Workspace } from '../host.test.helper.js';
import { createHypervisor } from '@qvm/sdk';
import { dumpedRegisters } from './elf-core.js';
import { writeAll, writeDump, type DumpSource } from './write-dump.js';

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

const hex = (byte: number | undefined): string => `0x${(byte ?? -1).toString(16).padStart(2, '0')}`;
const ex = (commands: readonly string[]): readonly string[] => commands.flatMap((command) => ['-ex', command]);

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

  it('writes on when the system writes less than it is given, and reports the error that follows', async () => {
    const disk = new Uint8Array(10);
    // Four bytes at a time, until the disk is full.
    const write = (bytes: Uint8Array, offset: number, length: number, position: number): Promise<unknown> => {
      const bytesWritten = Math.min(4, length, disk.length - position);
      if (bytesWritten <= 0) return Promise.reject(new Error('no space'));
      disk.set(bytes.subarray(offset, offset + bytesWritten), position);
      return Promise.resolve({ bytesWritten, buffer: bytes });
    };
    const file = { write } as Parameters<typeof writeAll>[0];
    await writeAll(file, pattern(9, 3), 1);
    expect([...disk]).toEqual([0, ...pattern(9, 3)]);
    await expect(writeAll(file, pattern(9, 3), 4)).rejects.toThrow('no space');
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

  const hasGdb = spawnSync('gdb-multiarch', ['--version']).status === 0;
  (hasGdb ? it : it.skip)(
    hasGdb ? 'shows virtual memory to gdb, by the tables' : 'is not read by gdb: gdb-multiarch is not installed',
    async () => {
      const high = 0xffff_8000_1000_0000n;
      const mappings = [
        // A virtual address that equals the guest-physical address of other memory.
        { virtual: 0xc000_0000n, physical: 0x4000_1000, size: 0x1000 },
        { virtual: high, physical: 0x4000_0000, size: 0x2000 },
        // Half of it is not memory.
        { virtual: high + 0x10_0000n, physical: 0xbfff_f000, size: 0x2000 },
        { virtual: high + 0x20_0000n, physical: 0x900_0000, size: 0x1000 },
        { virtual: 0x4000_0000n, physical: 0x4000_0000, size: 0x1000 },
      ];
      const core = space.path('virtual.gcore');
      await writeDump(core, { ...source, mappings });
      const byteAt = (address: number): string => hex(memory.get(0x4000_0000)?.[address - 0x4000_0000]);
      const commands = [high + 0x1002n, high + 0x10_1000n, 0xc000_0002n, 0x4000_0004n, high + 0x20_0000n].map(
        (address) => `x/1bx 0x${address.toString(16)}`,
      );
      const args = ['-nx', '-batch', '-ex', `core-file ${core}`, '-ex', 'info registers pc', ...ex(commands)];
      const { stdout, stderr } = spawnSync('gdb-multiarch', args, { encoding: 'utf8' });
      const values = [...stdout.matchAll(/^0x[0-9a-f]+:\t(0x[0-9a-f]{2})$/gm)].map(([, value]) => value);
      expect(stdout).toMatch(/^pc +0x40080000/m);
      expect(values).toEqual([
        byteAt(0x4000_1002),
        hex(memory.get(0xc000_0000)?.[0]),
        byteAt(0x4000_1002),
        byteAt(0x4000_0004),
      ]);
      expect(`${stdout}${stderr}`).toContain('Cannot access memory at address 0xffff800010200000');
    },
  );

  (hasGdb ? it : it.skip)(
    hasGdb
      ? 'shows the registers of x86_64 vCPUs to gdb'
      : 'of x86_64 is not read by gdb: gdb-multiarch is not installed',
    async () => {
      const names = dumpedRegisters('x86_64');
      const registers = (first: number): Record<string, bigint> =>
        Object.fromEntries(names.map((name, index) => [name, BigInt(first + index)]));
      const core = space.path('x86_64.gcore');
      await writeDump(core, { ...source, arch: 'x86_64', vcpus: [registers(0x100), registers(0x200)] });
      const shown = names.map((name) => name.replace('.', '_').replace('rflags', 'eflags'));
      const commands = [...shown, 'orig_rax'].map((name) => `print/x $${name}`);
      const args = ['-nx', '-batch', '-ex', `core-file ${core}`, ...ex([...commands, 'thread 2', 'print/x $rip'])];
      const { stdout } = spawnSync('gdb-multiarch', args, { encoding: 'utf8' });
      const values = [...stdout.matchAll(/^\$\d+ = (0x[0-9a-f]+)$/gm)].map(([, value]) => value);
      const expected = shown.map((_, index) => `0x${(0x100 + index).toString(16)}`);
      const second = `0x${(0x200 + names.indexOf('rip')).toString(16)}`;
      expect(values).toEqual([...expected, '0xffffffffffffffff', second]);
    },
  );

  it.each(['aarch64', 'x86_64'] as const)('has registers that vCPUs of %s have', async (arch) => {
    const hypervisor = createHypervisor();
    const image = { name: 'vm.img', bytes: new Uint8Array() };
    const vm = await hypervisor.createVm({ name: 'vm', arch, image, ram: [{ size: '16M' }] });
    const names = Object.keys(vm.vcpus[0]?.registers() ?? {});
    expect(dumpedRegisters(arch).filter((name) => !names.includes(name))).toEqual([]);
    await hypervisor.dispose();
  });

  it('is never written over another file', async () => {
    await expect(writeDump(path, source)).rejects.toMatchObject({ code: 'host.dump-exists' });
    expect(statSync(path).size).toBeGreaterThan(MEBIBYTE);
  });
});
