import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { guestCatalogue } from './catalogue.js';
import { readCpio } from './cpio.js';
import { fetchGuest } from './fetch.js';
import { isGuestComplete } from './verify.js';

/** Fetches every guest of the catalogue over the network. */
describe('fetching from Debian', () => {
  let cache = '';
  const env = (): NodeJS.ProcessEnv => ({ ...process.env, QVM_GUESTS: cache });

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'qvm-guests-'));
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  it.each(guestCatalogue().map(({ name, kind }) => [name, kind]))('%s', async (name, kind) => {
    const guest = await fetchGuest(name, { env: env() });
    expect(await isGuestComplete(name, env())).toBe(true);
    if (kind !== 'linux') return;
    const image = await readFile(guest.files.Image ?? '');
    expect(image.subarray(56, 60).toString('latin1')).toBe('ARM\x64');
    const text = async (file: string, path: string): Promise<string[]> => {
      const entry = readCpio(gunzipSync(await readFile(guest.files[file] ?? ''))).find((found) => found.path === path);
      return entry?.kind === 'file' ? Buffer.from(entry.data).toString().trim().split('\n') : [];
    };
    const boot = await text('initramfs.cpio.gz', 'lib/modules/boot');
    for (const name of ['virtio_mmio', 'virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_rng'])
      expect(boot).toContain(name);
    const deps = await text('initramfs.cpio.gz', 'lib/modules/deps');
    const more = await text('initramfs-full.cpio.gz', 'lib/modules/deps');
    expect(deps.join('\n')).toMatch(/^virtio_net: .*failover net_failover virtio_net$/m);
    expect(more).toEqual(expect.arrayContaining(deps));
    expect(more.length).toBeGreaterThan(deps.length);
  });
});
