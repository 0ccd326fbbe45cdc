import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace } from './run-qvm.test.helper.js';

/** Real guests of a few words of A64 code at the start of RAM, and the command's reports about their ends. */

const space = new Workspace();
afterAll(() => space.dispose());

const ELF = Buffer.from('\x7fELF', 'latin1');
/** movz x1, #0x1000, lsl #16; ldr x0, [x1]: nothing is mapped there. Then PSCI SYSTEM_OFF. */
const STRAY_READ = [0xd2a2_0001, 0xf940_0020, 0x5280_0100, 0x72b0_8000, 0xd400_0002];

function writeGuest(name: string, ...settings: readonly string[]): void {
  space.write(`${name}.bin`, new Uint8Array(Uint32Array.from(STRAY_READ).buffer));
  space.write(`${name}.qvmconf`, `system ${name}\nram 2M\nload ${name}.bin\n${settings.join('\n')}\n`);
}

const dumps = (): readonly string[] => readdirSync(space.folder).filter((file) => file.endsWith('.gcore'));

describe('what a VM lacks', () => {
  it('ends it with exit code 5 under abort, and leaves a dump where the configuration says', async () => {
    writeGuest('strict', 'unsupported reference abort', 'dump .');
    const { exitCode, stderr } = await space.qvm(['start', 'strict.qvmconf']);
    expect([exitCode, stderr]).toEqual([
      5,
      expect.stringMatching(/the core dump is \S*strict-\d{8}-\d{6}\.gcore\n[^]*unsupported reference at 0x40080004/),
    ]);
    expect(dumps()).toHaveLength(1);
    expect(readFileSync(join(space.folder, dumps()[0] ?? '')).subarray(0, 4)).toEqual(ELF);
  });

  it('gives the dump to a command', async () => {
    writeGuest('piped', 'unsupported reference abort', 'dump "|cat > piped.core"');
    expect((await space.qvm(['start', 'piped.qvmconf'])).exitCode).toBe(5);
    expect(readFileSync(join(space.folder, 'piped.core')).subarray(0, 4)).toEqual(ELF);
  });

  it('is passed over under ignore', async () => {
    writeGuest('lenient', 'unsupported reference ignore', 'dump .');
    const before = dumps();
    expect(await space.qvm(['start', 'lenient.qvmconf'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(dumps()).toEqual(before);
  });
});

describe('a dry run', () => {
  it('builds the VM and does not start it', async () => {
    writeGuest('dry', 'unsupported reference abort', 'dryrun');
    const { exitCode, stderr } = await space.qvm(['start', 'dry.qvmconf']);
    expect([exitCode, stderr]).toEqual([0, 'qvm: dry is built; a dry run does not start its guest\n']);
  });

  it('is for one VM', async () => {
    writeGuest('other');
    const { exitCode, stderr } = await space.qvm(['start', 'dry.qvmconf', 'other.qvmconf']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('dry is a dry run')]);
  });
});
