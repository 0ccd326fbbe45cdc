import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';
import { Reader } from './linux-guest.test.helper.js';

/** A Debian with systemd, on a disk that is made as the example says. */

const LIMIT_MS = 30 * 60_000;
const SCRIPT = fileURLToPath(new URL('../../guests/scripts/make-systemd-disk.sh', import.meta.url));

it(
  'a PC starts Debian with systemd from a disk, to its login prompt, and powers off when its button is pressed',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qvm-systemd-'));
    const hypervisor = createHypervisor();
    try {
      const disk = join(folder, 'debian.ext4');
      execFileSync(SCRIPT, ['amd64', disk], { stdio: 'ignore' });
      await fetchGuest('debian-amd64');
      const guest = `${guestCacheDirectory(process.env)}/debian-amd64`;
      const vm = await hypervisor.createVm({
        name: 'debian',
        image: `${guest}/bzImage`,
        initrd: `${guest}/initramfs.cpio.gz`,
        cmdline: 'console=ttyS0 quiet mitigations=off qvm.root=/dev/vda',
        ram: [{ size: '512M' }],
        vdevs: [{ type: 'virtio-blk', options: { file: disk } }],
      });
      const console = new Reader(vm.console);
      await vm.start();
      expect(await console.until(/debian login: /, LIMIT_MS)).toContain('Debian GNU/Linux');
      vm.console.send('root\n');
      await console.until(/root@debian:~# /, LIMIT_MS);
      // Lines that fit the terminal: the shell folds longer ones when it echoes them. It prints escape sequences around them.
      vm.console.send('systemctl --failed --no-pager --no-legend\n');
      const failed = await console.until(/--no-legend\r\n[^]*root@debian:~# /, LIMIT_MS);
      expect(failed).toMatch(/--no-legend\r\n\S*\r?\S*root@debian:~# $/);
      vm.console.send('ps -o comm= -p 1; echo RC-$((40 + 2))\n');
      expect(await console.until(/RC-42/, LIMIT_MS)).toMatch(/\rsystemd\r\nRC-42$/);
      expect(await vm.stop(LIMIT_MS / 2)).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    } finally {
      await hypervisor.dispose();
      rmSync(folder, { recursive: true });
    }
  },
  LIMIT_MS,
);
