import { join } from 'node:path';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';
import type { HostedVm } from './vm/hosted-vm.js';
import { VmHost } from './vm/vm-host.js';

/** Two unmodified Debian guests on threads of their own, connected by a switch. */

const LIMIT_MS = 10 * 60_000;
const MEBIBYTE = 0x10_0000;

function launch(name: string, run: string): Parameters<VmHost['create']>[0] {
  const folder = join(guestCacheDirectory(), 'debian-arm64');
  return {
    launch: {
      spec: {
        name,
        arch: 'aarch64',
        image: join(folder, 'Image'),
        initrd: join(folder, 'initramfs-full.cpio.gz'),
        cmdline: `console=ttyAMA0 quiet qvm.mods=virtio_mmio,virtio_net qvm.run=${run.replaceAll(' ', '+')}`,
        cpus: 1,
        ram: [{ size: 512 * MEBIBYTE }],
        vdevs: [{ type: 'virtio-net', options: [{ name: 'peer', value: 'vswitch0' }] }],
        baseDir: folder,
      },
    },
  };
}

/** Resolves with the console output so far once it matches `pattern`. */
function shown(vm: HostedVm, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    vm.console('stdio').attach((bytes) => {
      text += new TextDecoder().decode(bytes);
      if (pattern.test(text)) resolve(text);
    });
    void vm.end.then(() => reject(new Error(`the VM has ended:\n${text}`)));
  });
}

describe('two Linux guests on one switch, on two threads', () => {
  const host = new VmHost();
  beforeAll(() => fetchGuest('debian-arm64'), LIMIT_MS);
  afterAll(() => host.shutdown(0));

  it(
    'reach each other, and their threads end with them',
    async () => {
      const one = await host.create(launch('one', 'ifconfig eth0 10.0.0.1 up,echo ONE READY,cat'));
      const ready = shown(one, /ONE READY/);
      await one.start();
      await ready;
      const two = await host.create(
        launch('two', 'ifconfig eth0 10.0.0.2 up,ping -c 5 -w 60 10.0.0.1,echo TWO DONE,cat'),
      );
      const done = shown(two, /TWO DONE/);
      await two.start();
      expect(await done).toMatch(/5 packets transmitted, 5 packets received/);
      await one.destroy();
      expect(one.state).toBe('stopped');
      expect((await two.request('stats', undefined)).state).toBe('running');
    },
    LIMIT_MS,
  );
});
