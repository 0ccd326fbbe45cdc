import { gunzipSync } from 'node:zlib';
import { readCpio, type CpioEntry } from './cpio.js';
import { buildModule } from './elf-builder.test.helper.js';
import { buildInitramfs } from './initramfs.js';
import { ModuleSet } from './modules.js';
import { guestModules } from './recipe.js';

const table: Record<string, string[]> = { virtio_blk: [], virtio_net: ['net_failover'], net_failover: [], fuse: [] };
const parts = () => ({
  busybox: Buffer.from('busybox'),
  scripts: new Map([['init', Buffer.from('#!/bin/sh\n')]]),
  modules: new ModuleSet({
    load: async (name) => table[name] && buildModule(...table[name]),
    isBuiltIn: (name) => name.startsWith('virtio'),
  }),
  boot: guestModules('arm64').boot,
  carried: ['fuse', 'nvme'],
});

async function contents(): Promise<Map<string, CpioEntry>> {
  const { bytes } = await buildInitramfs(parts());
  return new Map(readCpio(gunzipSync(bytes)).map((entry) => [entry.path, entry]));
}

const textOf = (entry: CpioEntry | undefined): string =>
  entry?.kind === 'file' ? Buffer.from(entry.data).toString() : '';

describe('buildInitramfs', () => {
  it('has init, busybox and a console for init', async () => {
    const files = await contents();
    expect(files.get('init')).toMatchObject({ kind: 'file', permissions: 0o755 });
    expect(files.get('bin/busybox')).toMatchObject({ kind: 'file', permissions: 0o755 });
    expect(files.get('bin/sh')).toMatchObject({ kind: 'symlink', target: 'busybox' });
    expect(files.get('dev/console')).toMatchObject({ kind: 'character', major: 5, minor: 1 });
  });

  it('lists modules in the order to load them', async () => {
    const files = await contents();
    expect(textOf(files.get('lib/modules/boot'))).toBe('virtio_blk\nnet_failover\nvirtio_net\n');
    expect(textOf(files.get('lib/modules/deps'))).toBe(
      'virtio_blk: virtio_blk\nnet_failover: net_failover\nvirtio_net: net_failover virtio_net\nfuse: fuse\n',
    );
    expect(files.get('lib/modules/virtio_net.ko')).toMatchObject({ kind: 'file', permissions: 0o644 });
  });

  it('tells which modules the kernel lacks', async () => {
    expect((await buildInitramfs(parts())).absent).toEqual(['gpio_keys', 'evdev', 'nvme']);
  });

  it('is the same every time, with neither time nor system in the gzip header', async () => {
    const first = (await buildInitramfs(parts())).bytes;
    expect((await buildInitramfs(parts())).bytes).toEqual(first);
    expect([...first.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
  });
});
