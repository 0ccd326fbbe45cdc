import { DISPLAY, INPUT_DEVICES } from '@qvm/core/services';
import type { Display, DisplayImage, InputDevices } from '@qvm/core/services';
import { LinuxGuest } from './linux-guest.test.helper.js';
import { screenProblems, screenSize } from './text-screen.test.helper.js';

/** Unmodified drivers of Debian's amd64 kernel with the plain devices of a PC: screen, keyboard, fw-cfg, power, resets. */

const LIMIT_MS = 20 * 60_000;
const WORD = 'found';

function serviceOf({ vm }: LinuxGuest): { readonly display: Display; readonly input: InputDevices } {
  const [display, input] = [vm.service(DISPLAY), vm.service(INPUT_DEVICES)];
  if (display === undefined || input === undefined) throw new Error('the VM has no display or no keyboard');
  return { display, input };
}

const blank = (width: number, height: number): DisplayImage => ({ width, height, rgba: new Uint8Array(0) });

describe('a PC with a screen', () => {
  let guest: LinuxGuest;
  beforeAll(async () => {
    guest = await LinuxGuest.boot({
      guest: 'debian-amd64',
      words: 'console=tty0 console=ttyS0 mitigations=off ignore_loglevel qvm.mods=qemu_fw_cfg',
      vdevs: [{ type: 'vga' }, { type: 'ps2' }, { type: 'fw-cfg', options: { item: `opt/org.example/word:${WORD}` } }],
    });
  }, LIMIT_MS);
  afterAll(() => guest.stop());

  const shown = (): readonly string[] =>
    guest.vm.vdevs.find(({ type }) => type === 'vga')?.status()['text'] as readonly string[];

  it('has the text of its console in the memory of the VGA', async () => {
    expect(await guest.run('dmesg | grep -i console:')).toMatch(/colour VGA\+ 80x25/);
    // Messages of the boot are there, and what the guest prints.
    expect(shown().join('\n')).toMatch(/virtio|input|random|Freeing|fw_cfg/i);
    await guest.run(
      'printf "\\033[2J\\033[H" >/dev/tty0; uname -a >/dev/tty0; seq 1 60 >/dev/tty0; uname -a >/dev/tty0',
    );
    const screen = await guest.run('cat /dev/vcs1');
    const lines = Array.from({ length: 25 }, (_, row) => screen.slice(row * 80, (row + 1) * 80).trimEnd());
    expect(shown()).toEqual(lines);
    expect(shown().join('')).toContain('x86_64 GNU/Linux');
    const image = serviceOf(guest).display.capture();
    expect([image?.width, image?.height]).toEqual([640, 400]);
  });

  it('takes keys of its keyboard there', async () => {
    const typed = guest.run('head -n 1 </dev/tty1');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(serviceOf(guest).input.type('Hello, PC!\n')).toBe('');
    expect(await typed).toBe('Hello, PC!');
  });

  it('reads files of fw-cfg at its I/O ports', async () => {
    expect(await guest.run('cat /sys/firmware/qemu_fw_cfg/by_name/opt/org.example/word/raw')).toBe(WORD);
  });

  it('shows its console in the linear frame buffer with the driver bochs', async () => {
    await guest.run('mod bochs');
    await guest.run('until grep -q bochs /proc/fb; do sleep 1; done');
    await guest.run('printf "\\033[?25l\\033[2J\\033[H" >/dev/tty0; uname -a >/dev/tty0; sleep 2');
    const image = serviceOf(guest).display.capture() ?? blank(0, 0);
    expect([image.width, image.height]).toEqual([1024, 768]);
    const screen = await guest.run('cat /dev/vcs1');
    const { columns, rows } = screenSize(image);
    expect(screen).toMatch(/^Linux guest \S+ .* x86_64 /);
    expect(screen.length).toBeGreaterThan(columns * (rows - 1));
    expect(screenProblems(image, screen)).toEqual([]);
  });

  it('powers off when its power button is pressed', async () => {
    expect(await guest.vm.stop()).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
  });
});

describe('a PC that resets', () => {
  it(
    'starts again, by whatever way its kernel takes, and powers off by ACPI',
    async () => {
      const guest = await LinuxGuest.boot({
        guest: 'debian-amd64',
        initrd: 'initramfs.cpio.gz',
        words: 'mitigations=off qvm.mods=none',
        onReset: 'restart',
        vdevs: [{ type: 'ps2' }],
      });
      try {
        // The ACPI reset register, the keyboard controller (FEh), a triple fault, port CF9h, and port 92h.
        for (const way of ['acpi', 'kbd', 'triple', 'pci']) {
          guest.type(`echo ${way} >/sys/kernel/reboot/type && reboot -f`);
          await guest.ready();
        }
        guest.type("printf '\\1' | dd of=/dev/port bs=1 seek=146");
        await guest.ready();
        guest.type('poweroff -f');
        expect(await guest.vm.exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
      } finally {
        await guest.stop();
      }
    },
    LIMIT_MS,
  );
});
