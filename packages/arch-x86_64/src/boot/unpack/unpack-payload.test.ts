import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { contentsOf, ImageError } from '@qvm/core/architecture';
import type { DigestStore } from '@qvm/core/architecture';
import { createRandom, randomSeed } from '@qvm/testing';
import { PACKED, program } from './packed.test.helper.js';
import { unpackPayload } from './unpack-payload.js';

const LIMIT = 1 << 20;

/** A payload as the build of Linux makes it: the size follows. */
function payload(packed: Uint8Array, size = program().length): Uint8Array {
  const bytes = new Uint8Array(packed.length + 4);
  bytes.set(packed);
  new DataView(bytes.buffer).setUint32(packed.length, size, true);
  return bytes;
}

const unpack = async (bytes: Uint8Array, limit = LIMIT, store?: DigestStore): Promise<Uint8Array> => {
  const contents = await unpackPayload(bytes, limit, 'bzImage', store);
  return contents.piece(0, contents.length);
};

describe('unpackPayload', () => {
  it.each(Object.entries(PACKED))('unpacks %s as its compressor packed it', async (_, packed) => {
    expect(await unpack(payload(packed))).toEqual(program());
  });

  it('unpacks gzip, and leaves an ELF file as it is', async () => {
    expect(await unpack(new Uint8Array(gzipSync(program())))).toEqual(program());
    const elf = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0);
    expect(await unpack(elf)).toEqual(elf);
  });

  it('takes a kernel that was unpacked before from the store, if it has the right size', async () => {
    const kept = new Map<string, Uint8Array>();
    const store = {
      find: async (digest: string) => (kept.has(digest) ? contentsOf(kept.get(digest) as Uint8Array) : undefined),
      keep: async (digest: string, bytes: Uint8Array) => void kept.set(digest, bytes),
    };
    const packed = payload(PACKED.lz4);
    const first = await unpack(packed, LIMIT, store);
    const digest = createHash('sha256').update(packed).digest('hex');
    expect([...kept]).toEqual([[digest, first]]);
    kept.set(digest, first.with(100, first[100]! ^ 1));
    expect(await unpack(packed, LIMIT, store)).toEqual(first.with(100, first[100]! ^ 1));
    kept.set(digest, first.subarray(1));
    expect(await unpack(packed, LIMIT, store)).toEqual(program());
    await expect(unpackPayload(packed, 5999, 'bzImage', store)).rejects.toMatchObject({ code: 'image.too-large' });
  });

  it('keeps neither gzip nor a damaged kernel', async () => {
    const store = {
      find: () => Promise.reject(new Error('not asked')),
      keep: () => Promise.reject(new Error('not asked')),
    };
    expect(await unpack(new Uint8Array(gzipSync(program())), LIMIT, store)).toEqual(program());
    const damaged = payload(PACKED.lz4.subarray(0, 40));
    await expect(
      unpackPayload(damaged, LIMIT, 'bzImage', { ...store, find: async () => undefined }),
    ).rejects.toMatchObject({ code: 'image.bad-payload' });
  });

  it.each<readonly [string, readonly number[]]>([
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0]],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0, 0, 0, 0, 0]],
    ['lzo', [0x89, 0x4c, 0x5a, 0x4f, 0, 0, 0, 0, 0]],
    ['in an unknown way', [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('says that it does not know %s', async (name, bytes) => {
    const error = { code: 'image.unknown-format', message: expect.stringContaining(name) };
    await expect(unpack(Uint8Array.from(bytes))).rejects.toMatchObject(error);
  });

  it('refuses a kernel that is larger than RAM before it makes room for it', async () => {
    await expect(unpack(payload(PACKED.xzWithFilter, 0xffff_ffff))).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(unpack(payload(PACKED.lz4), 5999)).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(unpack(new Uint8Array(gzipSync(program())), 5999)).rejects.toMatchObject({ code: 'image.too-large' });
    await expect(unpack(new Uint8Array(4))).rejects.toMatchObject({ code: 'image.truncated' });
  });

  it.each(Object.entries(PACKED))(
    'refuses %s of another size than it says, or with a part missing',
    async (_, packed) => {
      for (const size of [0, 1, 5999, 6001])
        await expect(unpack(payload(packed, size))).rejects.toMatchObject({ code: 'image.bad-payload' });
      for (const length of [13, 20, 40, 500, packed.length >> 1])
        await expect(unpack(payload(packed.subarray(0, length)))).rejects.toMatchObject({ code: 'image.bad-payload' });
    },
  );

  it('finds a wrong checksum of xz', async () => {
    const bytes = payload(PACKED.xzWithFilter);
    // The check is followed by the index (of 8 bytes here) and the footer of 12.
    const at = PACKED.xzWithFilter.length - 12 - 8 - 4;
    bytes[at] = (bytes[at] as number) ^ 1;
    await expect(unpack(bytes)).rejects.toMatchObject({ message: expect.stringContaining('checksum') });
  });

  it('throws nothing but ImageError whatever is damaged, and never gives more bytes than were announced', async () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    for (let round = 0; round < 400; round++) {
      for (const packed of Object.values(PACKED)) {
        const bytes = payload(packed);
        for (let change = 0; change < 3; change++) bytes[6 + (random() % (packed.length - 6))] = random() & 0xff;
        try {
          expect(await unpack(bytes)).toHaveLength(6000);
        } catch (error) {
          if (!(error instanceof ImageError)) throw new Error(`seed ${seed}, round ${round}`, { cause: error });
        }
      }
    }
  });
});
