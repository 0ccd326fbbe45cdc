import { LinuxGuest } from './linux-guest.test.helper.js';

/** Debian's kernels, by the entries of a PC that are not the default one. */

const LIMIT_MS = 10 * 60_000;

/** Where the zero page has the number of the boot loader (Linux, Documentation/arch/x86/zero-page.rst). */
const LOADER = 'od -An -tx1 -j528 -N1 /sys/kernel/boot_params/data';

async function booted(options: Parameters<typeof LinuxGuest.boot>[0], check: (guest: LinuxGuest) => Promise<void>) {
  const guest = await LinuxGuest.boot({ initrd: 'initramfs.cpio.gz', ...options });
  try {
    await check(guest);
  } finally {
    await guest.stop();
  }
}

describe("Debian's kernel", () => {
  it(
    'for amd64 boots by PVH, and knows that',
    () =>
      booted({ guest: 'debian-amd64', entry: 'pvh', words: 'mitigations=off qvm.mods=none' }, async (guest) => {
        // Linux, arch/x86/platform/pvh/enlighten.c: 0xb, for loaders that are not Xen.
        expect((await guest.run(LOADER)).trim()).toBe('b0');
        expect(await guest.run('cat /proc/cmdline')).toContain('qvm.mods=none');
        expect(await guest.run('dmesg | grep -c "ACPI: RSDP 0x"')).toBe('1');
      }),
    LIMIT_MS,
  );

  it.each(['debian-amd64-cloud', 'debian-i386'] as const)(
    '%s boots by its 16-bit setup code, and unpacks itself',
    (name) =>
      booted({ guest: name, entry: 'real-mode', words: 'mitigations=off qvm.mods=none' }, async (guest) => {
        expect((await guest.run(LOADER)).trim()).toBe('ff');
        expect(await guest.run('dmesg | grep -o "BIOS-e820: .mem 0x0*9f000.*"')).toMatch(/reserved$/);
        expect(await guest.run('dmesg | grep -o "ACPI: RSDP 0x[0-9A-Fa-f]*"')).toMatch(/0x0*9F010$/i);
      }),
    LIMIT_MS,
  );
});
