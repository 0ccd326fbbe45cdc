import { DISPLAY, INPUT_DEVICES } from '@qvm/core/services';
import type { Display, InputDevices } from '@qvm/core/services';
import { fetchGuest, type GuestFiles } from '@qvm/guests';
import { createHypervisor, type ConsoleStream, type Hypervisor, type VdevDescription, type VmHandle } from '@qvm/sdk';
import { screenProblems, screenSize } from './text-screen.test.helper.js';

/**
 * Unmodified drivers of Debian's kernel with the plain devices: 16550, frame buffer, keyboard, power button, watchdog.
 */

const LIMIT_MS = 10 * 60_000;
/** Time-out for awaited output of the console. */
const PATIENCE_MS = 2 * 60_000;
const READY = /GUEST-READY aarch64 .*guest# /s;

let guest: GuestFiles;
let hypervisor: Hypervisor;
beforeAll(async () => {
  guest = await fetchGuest('debian-arm64');
  hypervisor = createHypervisor();
}, LIMIT_MS);
afterAll(() => hypervisor.dispose());

/** A VM with access to the output and input of its console. */
class Session {
  readonly vm: VmHandle;
  readonly #console: ConsoleStream;
  text = '';

  constructor(vm: VmHandle) {
    this.vm = vm;
    this.#console = vm.console;
    const decoder = new TextDecoder();
    this.#console.onOutput((bytes) => (this.text += decoder.decode(bytes, { stream: true })));
  }

  static async start(cmdline: string, vdevs: readonly VdevDescription[] = []): Promise<Session> {
    const { Image: image = '', 'initramfs-full.cpio.gz': initrd = '' } = guest.files;
    const vm = await hypervisor.createVm({ name: 'plain', image, initrd, cmdline, ram: [{ size: '512M' }], vdevs });
    const session = new Session(vm);
    await vm.start();
    return session;
  }

  /** Waits until the console has shown a match; discards the output up to it. */
  async expect(pattern: RegExp): Promise<string> {
    const start = Date.now();
    while (!pattern.test(this.text)) {
      if (this.vm.state !== 'running' || Date.now() - start > PATIENCE_MS) {
        throw new Error(`${String(pattern)} did not come. The console ends with:\n${this.text.slice(-2000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const text = this.text;
    this.text = '';
    return text;
  }

  send(line: string): void {
    this.#console.send(new TextEncoder().encode(`${line}\n`));
  }

  service(): { readonly display: Display; readonly input: InputDevices } {
    const [display, input] = [this.vm.service(DISPLAY), this.vm.service(INPUT_DEVICES)];
    if (display === undefined || input === undefined) throw new Error('the VM has no display or no keyboard');
    return { display, input };
  }
}

describe("Debian's kernel", () => {
  it(
    'has its console on a qcar-uart from the first line, and powers off when the button is pressed',
    async () => {
      // As in the documents of the vdev's origin.
      const options = { base: '0x9000000', irq: 33, baud: 115_200 };
      const session = await Session.start('earlycon console=ttyS0', [{ type: 'qcar-uart', options }]);
      const text = await session.expect(READY);
      expect(text).toMatch(/earlycon: ns16550a0 at MMIO32 0x0*9000000/);
      expect(text).toMatch(/ttyS0 at MMIO 0x9000000 .* is a 16550A/);
      expect(session.vm.vdevs.map(({ type }) => type)).not.toContain('pl011');
      // A large amount of output at once, which must arrive completely and in order.
      session.send('seq 1 2000; echo done');
      const lines = (await session.expect(/\r?\ndone\r?\n/)).split(/\r?\n/);
      const from = lines.indexOf('1');
      expect(lines.slice(from, from + 2000)).toEqual(Array.from({ length: 2000 }, (_, index) => String(index + 1)));
      expect(await session.vm.stop()).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    },
    LIMIT_MS,
  );

  it(
    'shows its console in the frame buffer and takes keys of the PS/2 keyboard there',
    async () => {
      const vdevs = [{ type: 'ramfb', options: { framebuffer: '640x400-rgb565' } }, { type: 'ps2' }];
      // The shell is on the last console.
      const cmdline = 'quiet console=ttyAMA0 console=tty0 qvm.mods=altera_ps2 qvm.run=echo+SERIAL>/dev/ttyAMA0';
      const session = await Session.start(cmdline, vdevs);
      await session.expect(/SERIAL/);
      const { display, input } = session.service();
      const { columns, rows } = screenSize({ width: 640, height: 400, rgba: new Uint8Array(0) });
      // The shell starts a moment after the last command; the blinking cursor would not be recognised as a character.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const probe = 'printf "\\033[?25l"; uname -a; echo "<{[(~!@#$%^&*)]}>|\'+=_"; ';
      expect(input.type(`${probe}(echo BEGIN; cat /dev/vcs1; echo; echo END) >/dev/ttyAMA0; sleep 5\n`)).toBe('');
      const [, screen = ''] = /BEGIN\r?\n([^]*?)\r?\nEND/.exec(await session.expect(/\nEND\r?\n/)) ?? [];
      const image = display.capture();
      expect([image?.width, image?.height]).toEqual([640, 400]);
      expect(screen).toContain('Linux guest 6.');
      expect(screen).toContain("<{[(~!@#$%^&*)]}>|'+=_");
      expect(image === undefined ? ['no picture'] : screenProblems(image, screen)).toEqual([]);
      expect(screen).toHaveLength(columns * rows);
      await session.vm.destroy();
    },
    LIMIT_MS,
  );

  it(
    'is ended by its watchdog with exit code 4 when it no longer serves it',
    async () => {
      const vdevs = [{ type: 'wdt-sp805' }, { type: 'fw-cfg', options: { item: 'opt/org.example/word:found' } }];
      const session = await Session.start('quiet console=ttyAMA0 qvm.mods=sp805_wdt,qemu_fw_cfg', vdevs);
      await session.expect(READY);
      session.send('cat /sys/firmware/qemu_fw_cfg/by_name/opt/org.example/word/raw');
      await session.expect(/found/);
      // The watchdog is set to 2 s and served every second, until the program is stopped.
      session.send('watchdog -T 2 -t 1 /dev/watchdog; sleep 5; echo still alive');
      await session.expect(/\nstill alive/);
      session.send('killall -STOP watchdog');
      expect(await session.vm.exit).toMatchObject({
        exitCode: 4,
        reason: 'wdt-sp805-0: the guest did not serve its watchdog in time',
      });
    },
    LIMIT_MS,
  );
});
