import fc from 'fast-check';
import { MemoryBlockBackend } from '@qvm/testing';
import { baseFingerprint } from './fingerprint.js';
import { openOverlay, type OverlayDisk } from './overlay-disk.js';
import { encodeHeader, newOverlay, TABLE_START } from './overlay-format.js';

const SECTOR = 512;
const CLUSTER = 0x1_0000;
/** A multiple of neither the cluster size nor the range that a sector of the table covers. */
const SIZE = 4 * CLUSTER + 3 * SECTOR;
const SECTORS = SIZE / SECTOR;

/** Sectors that contain their number, so that a wrong position is noticed. */
function baseContent(): Uint8Array {
  const content = new Uint32Array(SIZE / 4);
  for (let index = 0; index < content.length; index++) content[index] = 0xb000_0000 + Math.floor((index * 4) / SECTOR);
  return new Uint8Array(content.buffer);
}

function sectorsOf(tag: number, count: number): Uint8Array {
  const content = new Uint32Array((count * SECTOR) / 4);
  for (let index = 0; index < content.length; index++) content[index] = tag + Math.floor((index * 4) / SECTOR);
  return new Uint8Array(content.buffer);
}

function newFile(base: MemoryBlockBackend): MemoryBlockBackend {
  const file = new MemoryBlockBackend(0, { growable: true });
  for (const piece of newOverlay(base.size, baseFingerprint(base))) file.sync.write(file.bytes.length, [piece]);
  file.sync.flush();
  return file;
}

function open(base: MemoryBlockBackend, file: MemoryBlockBackend): OverlayDisk {
  return openOverlay(base, baseFingerprint(base), file, file.bytes.length);
}

function fresh(): { readonly base: MemoryBlockBackend; readonly file: MemoryBlockBackend; readonly disk: OverlayDisk } {
  const base = new MemoryBlockBackend(baseContent(), { readOnly: true });
  const file = newFile(base);
  return { base, file, disk: open(base, file) };
}

function readAll(disk: OverlayDisk): Uint8Array {
  const content = new Uint8Array(SIZE);
  disk.sync.read(0, [content.subarray(0, 700), content.subarray(700)]);
  return content;
}

/** The first word of each sector; the last word must be equal. */
function tags(content: Uint8Array): readonly number[] {
  const words = new Uint32Array(content.buffer, content.byteOffset, content.length / 4);
  return Array.from({ length: content.length / SECTOR }, (_, sector) => {
    const [first, last] = [words[(sector * SECTOR) / 4], words[((sector + 1) * SECTOR) / 4 - 1]];
    if (first !== last) throw new Error(`sector ${sector} is torn`);
    return first ?? 0;
  });
}

/** The sectors whose tag is none of the possible ones. */
function wrong(found: readonly number[], possible: readonly ReadonlySet<number>[]): readonly number[] {
  return found.flatMap((tag, sector) => (possible[sector]?.has(tag) === true ? [] : [sector]));
}

const range = fc
  .tuple(fc.nat(SECTORS - 1), fc.nat(300))
  .map(([first, count]) => ({ first, count: Math.min(count + 1, SECTORS - first) }));
const cluster = fc.nat(4).map((index) => ({
  first: (index * CLUSTER) / SECTOR,
  count: Math.min(CLUSTER / SECTOR, SECTORS - (index * CLUSTER) / SECTOR),
}));
const operation = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'zero', 'discard', 'flush', 'reopen', 'power', 'fail'),
  range: fc.oneof(range, cluster),
  seed: fc.nat(),
});

/** The possible contents of each sector after a loss of power: those of the last flush, or any since. */
class Model {
  now = [...tags(baseContent())];
  possible = this.now.map((tag) => new Set([tag]));

  set(first: number, values: readonly number[], certain: boolean): void {
    values.forEach((value, index) => {
      if (certain) this.now[first + index] = value;
      this.possible[first + index]?.add(value);
    });
  }

  flushed(): void {
    this.possible = this.now.map((tag) => new Set([tag]));
  }

  become(found: readonly number[]): void {
    this.now = [...found];
    this.flushed();
  }
}

describe('OverlayDisk', () => {
  it('agrees with a plain array, through failures and losses of power', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (operations) => {
        const { base, ...made } = fresh();
        let { file, disk } = made;
        const model = new Model();
        let tag = 1;
        for (const {
          kind,
          range: { first, count },
          seed,
        } of operations) {
          const [offset, length] = [first * SECTOR, count * SECTOR];
          if (kind === 'write') {
            disk.sync.write(offset, [sectorsOf(tag, count).subarray(0, 512), sectorsOf(tag, count).subarray(512)]);
            model.set(first, tags(sectorsOf(tag, count)), true);
            tag += count;
          } else if (kind === 'fail') {
            file.failure = Object.assign(new Error('broken'), { code: 'block.io' });
            expect(() => disk.sync.write(offset, [sectorsOf(tag, count)])).toThrow('broken');
            file.failure = undefined;
          } else if (kind === 'zero') {
            disk.sync.writeZeroes(offset, length, true);
            model.set(first, Array<number>(count).fill(0), true);
          } else if (kind === 'discard') {
            disk.sync.discard(offset, length);
            const found = tags(readAll(disk)).slice(first, first + count);
            expect(
              wrong(
                found,
                found.map((_, index) => new Set([0, model.now[first + index] ?? 0])),
              ),
            ).toEqual([]);
            model.set(first, found, true);
          } else if (kind === 'flush') {
            disk.sync.flush();
            model.flushed();
          } else if (kind === 'reopen') {
            disk.sync.flush();
            model.flushed();
            disk = open(base, file);
          } else {
            file = file.afterPowerLoss((index) => ((seed >>> (index % 31)) & 1) === 1);
            disk = open(base, file);
            const found = tags(readAll(disk));
            expect(wrong(found, model.possible)).toEqual([]);
            disk.sync.flush();
            model.become(found);
          }
          expect(tags(readAll(disk)).join()).toBe(model.now.join());
        }
        expect(tags(base.bytes).join()).toBe(tags(baseContent()).join());
      }),
      { numRuns: 25 },
    );
  });

  it('keeps concurrent writes into one new cluster apart', async () => {
    const { disk } = fresh();
    const order = Array.from({ length: SECTORS }, (_, index) => (index * 131) % SECTORS);
    await Promise.all(order.map((sector) => disk.write(sector * SECTOR, [sectorsOf(5000 + sector, 1)])));
    await Promise.all([disk.flush(), disk.read(0, [new Uint8Array(SIZE)]), disk.write(0, [sectorsOf(5000, 1)])]);
    expect(tags(readAll(disk))).toEqual(Array.from({ length: SECTORS }, (_, sector) => 5000 + sector));
    expect(disk.status()).toMatchObject({ overlayClusters: 5 });
  });

  it('makes data durable before it refers to them', async () => {
    const { disk, file } = fresh();
    disk.sync.write(0, [sectorsOf(1, CLUSTER / SECTOR)]);
    file.log.length = 0;
    await disk.flush();
    expect(file.log).toEqual(['flush 0 0', `write ${TABLE_START} 512`, 'flush 0 0']);
    await disk.flush();
    expect(file.log).toHaveLength(4);
  });

  it('tries a failed flush again', async () => {
    const { base, disk, file } = fresh();
    disk.sync.write(0, [sectorsOf(1, 1)]);
    file.failure = Object.assign(new Error('broken'), { code: 'block.io' });
    await expect(disk.flush()).rejects.toThrow('broken');
    file.failure = undefined;
    await disk.flush();
    expect(tags(readAll(open(base, file)))[0]).toBe(1);
  });

  it('flushes when it is closed, and closes both', async () => {
    const { base, disk, file } = fresh();
    await disk.write(512, [sectorsOf(7, 1)]);
    const closing = disk.close();
    expect([file.closed, base.closed]).toEqual([true, true]);
    await closing;
    const again = new MemoryBlockBackend(baseContent(), { readOnly: true });
    const left = new MemoryBlockBackend(file.bytes, { growable: true });
    expect(tags(readAll(open(again, left)))[1]).toBe(7);
  });

  it('waits for what is outstanding when it is closed', async () => {
    const { disk, file } = fresh();
    file.hold();
    const writing = disk.write(0, [sectorsOf(7, 128)]);
    const closing = disk.close();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(file.closed).toBe(false);
    file.release();
    await Promise.all([writing, closing]);
    expect(file.closed).toBe(true);
  });

  it('refuses what lies outside', async () => {
    const { disk } = fresh();
    await expect(disk.read(SIZE, [new Uint8Array(512)])).rejects.toMatchObject({ code: 'block.range' });
    await expect(disk.write(-512, [new Uint8Array(512)])).rejects.toMatchObject({ code: 'block.range' });
    await expect(disk.writeZeroes(SIZE - 512, 1024)).rejects.toMatchObject({ code: 'block.range' });
    await expect(disk.discard(1, 512)).rejects.toMatchObject({ code: 'block.range' });
  });
});

describe('openOverlay', () => {
  const refused = (base: MemoryBlockBackend, bytes: Uint8Array): void =>
    expect(() => open(base, new MemoryBlockBackend(bytes, { growable: true }))).toThrow(
      expect.objectContaining({ code: 'block.overlay' }),
    );

  function written(): { readonly base: MemoryBlockBackend; readonly bytes: Uint8Array } {
    const { base, disk, file } = fresh();
    disk.sync.write(0, [sectorsOf(1, 300)]);
    disk.sync.flush();
    return { base, bytes: file.bytes };
  }

  it('notices every changed byte of header and table', () => {
    const { base, bytes } = written();
    fc.assert(
      fc.property(
        fc.nat(511),
        fc.constantFrom(0, TABLE_START),
        fc.integer({ min: 1, max: 255 }),
        (at, start, change) => {
          const changed = bytes.slice();
          changed[start + at] = (changed[start + at] ?? 0) ^ change;
          refused(base, changed);
        },
      ),
    );
  });

  it('notices a file that is cut short', () => {
    const { base, bytes } = written();
    for (const length of [0, 100, 511, 512, TABLE_START, TABLE_START + 511, CLUSTER, 2 * CLUSTER, bytes.length - 1]) {
      refused(base, bytes.slice(0, length));
    }
  });

  it('refuses another base', () => {
    const { bytes } = written();
    const other = baseContent();
    other[1030] = 1;
    refused(new MemoryBlockBackend(other, { readOnly: true }), bytes);
    refused(new MemoryBlockBackend(baseContent().subarray(512), { readOnly: true }), bytes);
    refused(new MemoryBlockBackend(SIZE), new Uint8Array(SIZE));
  });

  it('refuses headers that are possible for nobody, and stays within bounds', () => {
    const { base, bytes } = written();
    const fingerprint = baseFingerprint(base);
    for (const header of [
      { size: SIZE, clusterBits: 9, fingerprint },
      { size: SIZE, clusterBits: 4_000_000_000, fingerprint },
      { size: 2 ** 52, clusterBits: 16, fingerprint },
      { size: 0, clusterBits: 16, fingerprint },
    ]) {
      const changed = bytes.slice();
      changed.set(encodeHeader(header));
      refused(base, changed);
    }
  });
});
