import { fetchGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';

/** Several times the duration on a slow machine. */
const BOOT_LIMIT_MS = 10 * 60_000;

describe('a stock Debian kernel for amd64', () => {
  beforeAll(() => fetchGuest('debian-amd64'), BOOT_LIMIT_MS);

  // The other tests of PCs boot it with translated code.
  it(
    'boots to its shell in the interpreter',
    async () => {
      const { files } = await fetchGuest('debian-amd64');
      const hypervisor = createHypervisor();
      const vm = await hypervisor.createVm(
        {
          name: 'linux',
          arch: 'x86_64',
          image: files['bzImage'] ?? '',
          initrd: files['initramfs.cpio.gz'] ?? '',
          cmdline: 'console=ttyS0 mitigations=off qvm.mods=none',
          ram: [{ size: '512M' }],
        },
        { engine: 'interp' },
      );
      const decoder = new TextDecoder();
      let text = '';
      try {
        await vm.start();
        for await (const bytes of vm.console.output) {
          text += decoder.decode(bytes, { stream: true });
          if (/GUEST-READY x86_64[^]*guest# /.test(text)) break;
        }
        expect(text).toMatch(/GUEST-READY x86_64[^]*guest# /);
      } finally {
        await hypervisor.dispose();
      }
    },
    BOOT_LIMIT_MS,
  );
});
