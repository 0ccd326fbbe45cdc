import { readdirSync, readFileSync } from 'node:fs';
import { Workspace } from '../host.test.helper.js';
import { dumpTo } from './dump-on-failure.js';
import { pipeDump } from './pipe-dump.js';
import { writeDump, type DumpSource } from './write-dump.js';

const space = new Workspace();
afterAll(() => space.dispose());

const BASE = 0x4000_0000;
const bytes = new Uint8Array(0x30_0000);
bytes.set([1, 2, 3], 0x10_0000);
bytes[bytes.length - 1] = 9;

const source: DumpSource = {
  arch: 'aarch64',
  ranges: [{ base: BASE, size: bytes.length }],
  vcpus: [{ pc: 0x4000_0000n }],
  read: (address, length) => bytes.subarray(address - BASE, address - BASE + length),
};
const NOON = new Date(2026, 2, 4, 12, 5, 9);

describe('a dump of a VM that failed', () => {
  it('is named by VM and time, with a number when that is taken, ten times at most', async () => {
    const names = ['', '-1', '-2', '-3', '-4', '-5', '-6', '-7', '-8', '-9'].map(
      (suffix) => `guest-20260304-120509${suffix}.gcore`,
    );
    for (const name of names) expect(await dumpTo(space.folder, 'guest', source, NOON)).toBe(space.path(name));
    expect(readdirSync(space.folder).sort()).toEqual([...names].sort());
    await expect(dumpTo(space.folder, 'guest', source, NOON)).rejects.toMatchObject({ code: 'host.dump-exists' });
  });

  it('goes to a command byte for byte as to a file', async () => {
    const piped = space.path('piped');
    await writeDump(space.path('written'), source);
    expect(await dumpTo(`|cat > ${piped}`, 'guest', source)).toBe(`given to "cat > ${piped}"`);
    expect(readFileSync(piped).equals(readFileSync(space.path('written')))).toBe(true);
  });

  it('says when a command fails, or does not read it, or a folder is missing', async () => {
    for (const wrong of ['|cat >/dev/null; exit 3', '|exec 0<&-; sleep 0.1', '|no-such-command', space.path('nowhere')])
      await expect(dumpTo(wrong, 'guest', source)).rejects.toMatchObject({ code: 'host.dump' });
  });

  it('does not wait for a command that never reads it, nor for what that has started', async () => {
    // Larger than a pipe holds.
    const large = { ...source, read: (_address: number, length: number) => new Uint8Array(length).fill(1) };
    for (const deaf of ['trap "" TERM; sleep 30; true', 'sleep 30 & sleep 30; true'])
      await expect(pipeDump(deaf, large, 100)).rejects.toMatchObject({ code: 'host.dump' });
  });
});
