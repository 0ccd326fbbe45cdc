import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockBackend } from '@qvm/core/services';
import { nodeBlockStore } from './node-block-store.js';

const SIZE = 0x5_0000 + 512;
const sector = (value: number): Uint8Array => new Uint8Array(512).fill(value);

let folder = '';
let disk = '';
let overlay = '';
const open: BlockBackend[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-block-'));
  disk = join(folder, 'disk.img');
  overlay = join(folder, 'overlay');
  writeFileSync(
    disk,
    Uint8Array.from({ length: SIZE }, (_, at) => at >>> 9),
  );
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((backend) => backend.close()));
  rmSync(folder, { recursive: true });
});

function opened(...[path, options]: Parameters<typeof nodeBlockStore.open>): BlockBackend {
  const backend = nodeBlockStore.open(path, options);
  open.push(backend);
  return backend;
}

function refused(path: string, options: Parameters<typeof nodeBlockStore.open>[1], code: string): string {
  try {
    nodeBlockStore.open(path, options);
  } catch (error) {
    expect(error).toMatchObject({ code });
    return String(error);
  }
  throw new Error(`${path} was opened`);
}

async function readSector(backend: BlockBackend, number: number): Promise<Uint8Array> {
  const content = sector(0xee);
  await backend.read(number * 512, [content]);
  return content;
}

describe('nodeBlockStore', () => {
  it('reads and writes a file, also with views on shared memory', async () => {
    const backend = opened(disk, { readOnly: false });
    const shared = new Uint8Array(new SharedArrayBuffer(1024));
    await backend.read(512, [shared.subarray(0, 100), shared.subarray(100)]);
    expect([shared[0], shared[511], shared[512]]).toEqual([1, 1, 2]);
    shared.fill(0x55);
    await backend.write(SIZE - 1024, [shared]);
    backend.sync?.write(0, [sector(7), sector(8)]);
    await backend.flush();
    const content = readFileSync(disk);
    expect([content.length, content[0], content[512], content[1024], content.at(-1)]).toEqual([SIZE, 7, 8, 2, 0x55]);
  });

  it('writes zeros of any length, and keeps what is discarded', async () => {
    writeFileSync(disk, new Uint8Array(0x12_0000).fill(1));
    const backend = opened(disk, { readOnly: false });
    await backend.writeZeroes(512, 0x11_0200, true);
    const content = readFileSync(disk);
    expect([content[511], content.subarray(512, 0x11_0400).some((byte) => byte !== 0)]).toEqual([1, false]);
    expect([content[0x11_0400], backend.discardUnit]).toEqual([1, undefined]);
    await backend.discard(0, 512);
    expect(await readSector(backend, 0)).toEqual(sector(1));
  });

  it('has many requests outstanding, and waits for them when it is closed', async () => {
    const backend = opened(disk, { readOnly: false });
    const writes = Array.from({ length: 200 }, (_, index) => backend.write(index * 512, [sector(255 - index)]));
    await backend.close();
    await Promise.all(writes);
    await expect(backend.read(0, [sector(0)])).rejects.toThrow('is closed');
    expect(readFileSync(disk).filter((_, at) => at % 512 === 0 && at < 200 * 512)).toEqual(
      Buffer.from(Array.from({ length: 200 }, (_, index) => 255 - index)),
    );
  });

  it('says what is wrong with a disk', () => {
    expect(refused(join(folder, 'none'), { readOnly: true }, 'block.open')).toContain('there is no such file');
    expect(refused(folder, { readOnly: true }, 'block.open')).toContain('it is a folder');
    expect(refused('/dev/null', { readOnly: true }, 'block.open')).toContain('neither a file nor a block device');
    appendFileSync(disk, 'x');
    expect(refused(disk, { readOnly: true }, 'block.size')).toContain(`${SIZE + 1} bytes`);
    truncateSync(disk);
    refused(disk, { readOnly: true }, 'block.size');
  });

  it('reports a file that became shorter', async () => {
    const backend = opened(disk, { readOnly: true });
    truncateSync(disk, 512);
    await expect(backend.read(512, [sector(0)])).rejects.toMatchObject({ code: 'block.io' });
    expect(() => backend.sync?.read(512, [sector(0)])).toThrow(/ends too early/);
    await expect(backend.read(SIZE, [sector(0)])).rejects.toMatchObject({ code: 'block.range' });
    await expect(backend.write(0, [sector(0)])).rejects.toMatchObject({ code: 'block.io' });
  });
});

describe('the use of a disk', () => {
  it('is one writer’s, or any number of readers’, by whatever name', () => {
    const writer = opened(disk, { readOnly: false, owner: 'first:disk' });
    const [link, name] = [join(folder, 'link'), join(folder, 'name')];
    symlinkSync(disk, link);
    linkSync(disk, name);
    for (const path of [disk, link, name]) {
      const message = refused(path, { readOnly: true, owner: 'second' }, 'block.in-use');
      expect(message).toContain(`in use for writing by first:disk of process ${process.pid}`);
      refused(path, { readOnly: false }, 'block.in-use');
    }
    void writer.close();
    const readers = [opened(disk, { readOnly: true, owner: 'a' }), opened(name, { readOnly: true })];
    expect(refused(disk, { readOnly: false }, 'block.in-use')).toContain('for reading');
    for (const reader of readers) void reader.close();
    void opened(disk, { readOnly: false }).close();
  });

  it('protects the base of an overlay', () => {
    opened(disk, { readOnly: false, overlay });
    refused(disk, { readOnly: false }, 'block.in-use');
    refused(disk, { readOnly: false, overlay }, 'block.in-use');
    opened(disk, { readOnly: false, overlay: join(folder, 'other') });
  });

  it('ends with its process', async () => {
    const child = await writerProcess(`disk.sync.write(0, [new Uint8Array(512).fill(9)]);`);
    expect(refused(disk, { readOnly: true }, 'block.in-use')).toContain(`child of process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await readSector(opened(disk, { readOnly: true }), 0))[0]).toBe(9);
  });
});

describe('the inspection of a disk', () => {
  it('makes and claims nothing', async () => {
    const seen = opened(disk, { readOnly: false, overlay, inspect: true });
    expect([seen.readOnly, seen.size, readdirSync(folder)]).toEqual([true, SIZE, ['disk.img']]);
    expect(await readSector(seen, 1)).toEqual(sector(1));
    opened(disk, { readOnly: false });
    opened(disk, { readOnly: false, inspect: true });
  });

  it('finds what an opening would find', () => {
    expect(refused(join(folder, 'none'), { readOnly: true, inspect: true }, 'block.open')).toContain('no such file');
    const nowhere = join(folder, 'no', 'overlay');
    expect(refused(disk, { readOnly: false, overlay: nowhere, inspect: true }, 'block.open')).toContain(nowhere);
    writeFileSync(overlay, 'no overlay at all');
    expect(refused(disk, { readOnly: false, overlay, inspect: true }, 'block.overlay')).toContain(overlay);
  });
});

describe('an overlay', () => {
  it('takes all writes, and is used again', async () => {
    const before = readFileSync(disk);
    const first = opened(disk, { readOnly: false, overlay });
    await first.write(512, [sector(0xaa)]);
    await first.writeZeroes(0x1_0000, 0x1_0000, true);
    expect(await readSector(first, 2)).toEqual(sector(2));
    await first.close();
    expect(readFileSync(disk)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(['disk.img', 'overlay']);
    const again = opened(disk, { readOnly: true, overlay });
    expect([again.readOnly, again.size]).toEqual([true, SIZE]);
    expect(await readSector(again, 1)).toEqual(sector(0xaa));
    expect(await readSector(again, 128)).toEqual(sector(0));
    expect(await readSector(again, SIZE / 512 - 1)).toEqual(sector(SIZE / 512 - 1 - 512));
  });

  it('says what is wrong, and lets go of what it opened', () => {
    expect(refused(disk, { readOnly: true, overlay }, 'block.open')).toContain('no such file');
    expect(refused(disk, { readOnly: false, overlay: join(folder, 'no', 'x') }, 'block.open')).toContain('made');
    writeFileSync(overlay, 'no overlay at all');
    expect(refused(disk, { readOnly: false, overlay }, 'block.overlay')).toContain(overlay);
    rmSync(overlay);
    mkdirSync(overlay);
    refused(disk, { readOnly: false, overlay }, 'block.open');
    opened(disk, { readOnly: false });
  });

  it('notices that its base was written', async () => {
    await nodeBlockStore.open(disk, { readOnly: false, overlay }).close();
    await opened(disk, { readOnly: false }).write(1024, [sector(0xbb)]);
    const changed = join(folder, 'changed.img');
    writeFileSync(changed, readFileSync(disk));
    expect(refused(changed, { readOnly: false, overlay }, 'block.overlay')).toContain('base');
  });

  it.each(['sync', 'async'])('loses nothing that was flushed when its process is killed (%s)', async (way) => {
    const operations = way === 'sync' ? 'disk.sync' : 'disk';
    const child = await writerProcess(
      `for (let i = 0; i < 50; i++) await ${operations}.write(i * 1024 * 6, [new Uint8Array(512).fill(i + 100)]);
       await ${operations}.flush();
       await ${operations}.write(0, [new Uint8Array(512).fill(255)]);`,
      overlay,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = opened(disk, { readOnly: false, overlay });
    for (let index = 1; index < 50; index++) {
      expect(await readSector(left, index * 12)).toEqual(sector(index + 100));
      expect(await readSector(left, index * 12 + 1)).toEqual(sector((index * 12 + 1) & 0xff));
    }
    expect([100, 255]).toContain((await readSector(left, 0))[0]);
  });
});

/** A process that has the disk open and has executed `work` with it. */
async function writerProcess(work: string, over?: string): Promise<ReturnType<typeof spawn>> {
  const options = JSON.stringify({ readOnly: false, owner: 'child', ...(over === undefined ? {} : { overlay: over }) });
  const store = JSON.stringify(new URL('./node-block-store.js', import.meta.url).href);
  const script = `
    import { nodeBlockStore } from ${store};
    const disk = nodeBlockStore.open(${JSON.stringify(disk)}, ${options});
    ${work}
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
