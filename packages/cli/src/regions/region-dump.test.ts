import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tappable, type CodeTranslatedEvent } from '@qvm/core/hooks';
import { createVmHooks } from '@qvm/core/host';
import { Workspace } from '../run-qvm.test.helper.js';
import { RegionDump } from './region-dump.js';
import { parseRegionDumpOption, type RegionDumpOption } from './region-dump-option.js';

const space = new Workspace();
afterAll(() => space.dispose());

describe('--dump-regions FOLDER[,FILTER]', () => {
  it.each<[string, RegionDumpOption]>([
    ['out', { folder: 'out' }],
    ['out,0x40000040', { folder: 'out', entries: { first: 0x4000_0040n, last: 0x4000_0040n } }],
    ['a,b,4000-0x4FFF', { folder: 'a,b', entries: { first: 0x4000n, last: 0x4fffn } }],
    [
      'out,ffff800008000000-0xffff800008000fff',
      { folder: 'out', entries: { first: 0x8000_0800_0000n, last: 0x8000_0800_0fffn } },
    ],
  ])('reads %s', (text, option) => {
    expect(parseRegionDumpOption(text)).toEqual(option);
  });

  it.each([
    ['', /folder/],
    [',4000', /folder/],
    ['out,', /hexadecimal/],
    ['out,loop', /hexadecimal/],
    ['out,4000-', /hexadecimal/],
    ['out,12345678123456789', /hexadecimal/],
    ['out,4000-3fff', /before it begins/],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseRegionDumpOption(text)).toThrow(message);
  });
});

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

function eventAt(address: bigint, level: CodeTranslatedEvent['level'] = 'plain'): CodeTranslatedEvent {
  const pages = [address & ~0xfffn, 0x4000_3000n];
  return { vm: 'test', address, level, instructions: 3, pages, text: () => ['one', 'two'], module: () => MODULE };
}

/** Dumps the translations at some addresses, and returns the messages for the user. */
function dump(folder: string, addresses: readonly bigint[], filter = '', mostFiles?: number): string[] {
  const told: string[] = [];
  const hooks = createVmHooks('test');
  const option = parseRegionDumpOption(join(space.folder, folder) + filter);
  new RegionDump(option, (message) => told.push(message), mostFiles).attach({ hooks: tappable(hooks) });
  for (const address of addresses) hooks.codeTranslated.call(eventAt(address));
  return told;
}

const filesIn = (folder: string): string[] => readdirSync(join(space.folder, folder)).sort();

describe('RegionDump', () => {
  it('writes a text and a module for each translation, numbered by address', () => {
    expect(dump('all', [0x4000_0040n, 0x4000_1000n, 0x4000_0040n])).toEqual([]);
    const names = ['region-40000040-1', 'region-40000040-2', 'region-40001000-1'];
    expect(filesIn('all')).toEqual(names.flatMap((name) => [`${name}.txt`, `${name}.wasm`]));
    expect(readFileSync(join(space.folder, 'all', 'region-40001000-1.txt'), 'utf8').split('\n')).toEqual([
      'entry         0x40001000',
      'level         plain',
      'instructions  3',
      'pages         0x40001000, 0x40003000',
      'wasm          8 bytes',
      '',
      'one',
      'two',
      '',
    ]);
    expect(new Uint8Array(readFileSync(join(space.folder, 'all', 'region-40001000-1.wasm')))).toEqual(MODULE);
  });

  it('leaves out what the filter does not name', () => {
    dump('some', [0x3ffcn, 0x4000n, 0x4ffcn, 0x5000n], ',4000-4fff');
    expect(filesIn('some')).toEqual(['4000', '4ffc'].flatMap((at) => [`region-${at}-1.txt`, `region-${at}-1.wasm`]));
    dump('one', [0x3ffcn, 0x4000n, 0x4004n], ',4000');
    expect(filesIn('one')).toEqual(['region-4000-1.txt', 'region-4000-1.wasm']);
  });

  it('ends at its limit, which it says once', () => {
    const told = dump('full', [0x1000n, 0x2000n, 0x3000n, 0x4000n], '', 5);
    expect(filesIn('full')).toHaveLength(4);
    expect(told).toEqual([`the dump of regions to "${join(space.folder, 'full')}" ends here: it has 4 files`]);
  });

  it('ends when nothing can be written any more, which it says once', () => {
    mkdirSync(join(space.folder, 'blocked', 'region-2000-1.wasm'), { recursive: true });
    const told = dump('blocked', [0x1000n, 0x2000n, 0x2000n, 0x3000n]);
    expect(filesIn('blocked')).toEqual(['region-1000-1.txt', 'region-1000-1.wasm', 'region-2000-1.wasm']);
    expect(told).toEqual([expect.stringMatching(/^the dump of regions to ".*blocked" ends here: .*it is a folder/)]);
  });
});

/** An arm64 `Image` that counts 16 million down in a loop at 0x48 and powers off (PSCI SYSTEM_OFF). */
function loopImage(): Uint8Array {
  const words = [
    0xd2a0_2001, 0xd503_201f, 0xd100_0421, 0xb5ff_ffe1, 0xd2b0_8000, 0xf280_0100, 0xd400_0002, 0x1400_0000,
  ];
  const image = new Uint8Array(0x40 + words.length * 4);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x1400_0010, true);
  view.setBigUint64(0x10, BigInt(image.length), true);
  view.setUint32(0x38, 0x644d_5241, true);
  words.forEach((word, i) => view.setUint32(0x40 + i * 4, word, true));
  return image;
}

describe('qvm start --dump-regions', () => {
  beforeAll(() => {
    mkdirSync(join(space.folder, 'vm'));
    space.write('vm/loop.img', loopImage());
    space.write('vm/loop.qvmconf', '{ "name": "loop", "image": "loop.img", "ram": [{ "size": "16M" }] }\n');
    space.write('vm/system.qvmconf', '{ "vms": [ { "name": "a", "config": "loop.qvmconf" } ] }\n');
  });

  it('shows the loop of a guest, and its translation as a valid module', async () => {
    const outcome = await space.qvm(['start', 'vm/loop.qvmconf', '--icount', '--dump-regions', 'loop'], { input: '' });
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const [name = ''] = filesIn('loop');
    expect(name).toMatch(/^region-[0-9a-f]+48-1\.txt$/);
    const text = readFileSync(join(space.folder, 'loop', name), 'utf8');
    const entry = /^region-(.*)-1/.exec(name)?.[1];
    expect(text).toMatch(new RegExp(`^entry         0x${entry}\nlevel         (plain|inlined)\ninstructions  `));
    expect(text).toContain(`  0x${entry}  d1000421  sub x1, x1, #0x1\n`);
    expect(text).toContain(`  b5ffffe1  cbnz x1, 0x${entry}\n`);
    const module = readFileSync(join(space.folder, 'loop', name.replace('.txt', '.wasm')));
    expect(WebAssembly.validate(module)).toBe(true);
    expect(text).toContain(`\nwasm          ${module.length} bytes\n`);
  });

  it('writes nothing for code that the filter leaves out', async () => {
    const args = ['start', 'vm/loop.qvmconf', '--icount', '--dump-regions', 'none,10-1f'];
    expect(await space.qvm(args, { input: '' })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(filesIn('none')).toEqual([]);
  });

  it('refuses what cannot be', async () => {
    const cases: readonly (readonly [args: readonly string[], exitCode: number, message: RegExp])[] = [
      [['loop.qvmconf', '--dump-regions', 'loop.img/x'], 64, /^qvm: error: regions cannot be dumped to "loop\.img\/x"/],
      [['loop.qvmconf', '--dump-regions', 'loop.img'], 64, /^qvm: error: regions cannot be dumped to "loop\.img"/],
      [['loop.qvmconf', '--dump-regions', 'out,main'], 2, /^qvm: error: option '--dump-regions/],
      [['loop.qvmconf', '--dump-regions', 'out', '--engine', 'interp'], 2, /--engine interp translates nothing/],
      [['loop.qvmconf', 'loop.qvmconf', '--dump-regions', 'out'], 2, /--dump-regions shows the code of one VM only/],
      [['system.qvmconf', '--dump-regions', 'out'], 2, /--dump-regions shows the code of one VM only/],
      [['loop.qvmconf', '--dump-regions', 'out', '--detach'], 2, /excludes --alone, --trace, --dump-regions/],
    ];
    const outcomes = await space.batch(cases.map(([args]) => ({ folder: 'vm', args: ['start', ...args] })));
    expect(outcomes).toEqual(
      cases.map(([, exitCode, message]) => ({
        exitCode,
        stdout: '',
        stderr: expect.stringMatching(message) as string,
      })),
    );
    expect(existsSync(join(space.folder, 'vm', 'out'))).toBe(false);
  });
});
