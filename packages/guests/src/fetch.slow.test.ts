import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { guestCatalogue, type GuestArchitecture } from './catalogue.js';
import { readCpio } from './cpio.js';
import { fetchGuest } from './fetch.js';
import { isGuestComplete } from './verify.js';

/** File, magic number and its offset of an architecture's kernels. */
const KERNEL_MAGIC: Readonly<Record<GuestArchitecture, readonly [string, string, number]>> = {
  arm64: ['Image', 'ARM\x64', 56],
  amd64: ['bzImage', 'HdrS', 0x202],
  i386: ['bzImage', 'HdrS', 0x202],
};

/** Fetches every guest of the catalogue over the network. */
describe('fetching from Debian', () => {
  let cache = '';
  const env = (): NodeJS.ProcessEnv => ({ ...process.env, QVM_GUESTS: cache });

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'qvm-guests-'));
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  it.each(guestCatalogue().map((guest) => [guest.name, guest] as const))('%s', async (name, description) => {
    const guest = await fetchGuest(name, { env: env() });
    expect(await isGuestComplete(name, env())).toBe(true);
    expect(Object.keys(guest.files)).toEqual(expect.arrayContaining([...description.files]));
    if (description.kind !== 'linux') return;
    const [file, magic, at] = KERNEL_MAGIC[description.architecture];
    const kernel = await readFile(guest.files[file] ?? '');
    expect(kernel.subarray(at, at + 4).toString('latin1')).toBe(magic);
    const text = async (file: string, path: string): Promise<string[]> => {
      const entry = readCpio(gunzipSync(await readFile(guest.files[file] ?? ''))).find((found) => found.path === path);
      return entry?.kind === 'file' ? Buffer.from(entry.data).toString().trim().split('\n') : [];
    };
    const boot = await text('initramfs.cpio.gz', 'lib/modules/boot');
    const powerButton = description.architecture === 'arm64' ? 'gpio_keys' : 'button';
    for (const module of ['virtio_mmio', 'virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_rng', powerButton])
      expect(boot).toContain(module);
    const deps = await text('initramfs.cpio.gz', 'lib/modules/deps');
    const more = await text('initramfs-full.cpio.gz', 'lib/modules/deps');
    expect(deps.join('\n')).toMatch(/^virtio_net: .*failover net_failover virtio_net$/m);
    expect(more).toEqual(expect.arrayContaining(deps));
    expect(more.length).toBeGreaterThan(deps.length);
  });
});
