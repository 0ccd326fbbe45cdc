import { putChild } from '@qvm/core/architecture';
import { SHARED_MEMORY } from '@qvm/core/services';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';
import { createHypervisor, type Hypervisor, type VmHandle } from '@qvm/sdk';

/*
 * Two unmodified kernels that share a region. Their user space accesses it through /dev/mem, and gets the doorbell's
 * interrupt through gpio-keys, a driver of the kernel whose keys may be interrupts (Linux:
 * bindings/input/gpio-keys.yaml).
 */

const LIMIT_MS = 15 * 60_000;
/** SPI 128 is INTID 160; rising edge. */
const DOORBELL = [0, 128, 1];
const KEY_ENTER = 28;

const STATUS = '0x0b000000';
const NOTIFY = '0x0b000008';
const DATA = 0x7000_0000;
const word = (index: number): string => `0x${(DATA + 4 * index).toString(16)}`;

/** Loads the drivers, and reads one event of the key in the background. */
const LISTEN = 'mod evdev; mod gpio_keys; hexdump -n 24 /dev/input/event0 >/tmp/event & sleep 1';
/** Waits until the key has been pressed, then shows who rang. */
const HEAR = `wait %1; test -s /tmp/event && echo RANG; grep doorbell /proc/interrupts; devmem ${STATUS} 32`;
const until = (address: string, value: string): string =>
  `until [ $(devmem ${address} 32) = ${value} ]; do sleep 0.2; done`;

/** Starts a Debian guest with a `shmem`, runs commands in its shell, and ends it. */
async function start(
  hypervisor: Hypervisor,
  name: string,
  role: string,
  commands: readonly string[],
): Promise<VmHandle> {
  const shmem = { type: 'shmem', config: `name=region,size=4M,role=${role},paddr=${DATA}` };
  const vm = await hypervisor.createVm({
    configText: JSON.stringify({
      name,
      image: '${QVM_GUESTS}/debian-arm64/Image',
      initrd: '${QVM_GUESTS}/debian-arm64/initramfs-full.cpio.gz',
      cmdline: 'console=ttyAMA0 quiet',
      ram: [{ size: '256M' }],
      vdev: [shmem],
    }),
  });
  vm.hooks.deviceTree.tap({ name: 'doorbell key' }, (tree) =>
    putChild(tree, '/', {
      name: 'gpio-keys',
      properties: { compatible: 'gpio-keys' },
      children: [
        {
          name: 'doorbell',
          properties: { label: 'doorbell', 'linux,code': { cells: [KEY_ENTER] }, interrupts: { cells: DOORBELL } },
        },
      ],
    }),
  );
  await vm.start();
  vm.console.send(`${[...commands, 'poweroff -f'].join('\n')}\n`);
  return vm;
}

async function outputOf(vm: VmHandle): Promise<string> {
  let text = '';
  for await (const bytes of vm.console.output) text += new TextDecoder().decode(bytes);
  return text;
}

beforeAll(() => fetchGuest('debian-arm64'), LIMIT_MS);

it(
  'two Debian guests exchange words and interrupts',
  async () => {
    const hypervisor = createHypervisor({ environment: { QVM_GUESTS: guestCacheDirectory() } });
    const server = await start(hypervisor, 'server', 'server', [
      LISTEN,
      until(word(2), '0x00000001'),
      `devmem ${word(0)} 32 0x12345678; devmem ${NOTIFY} 32 2`,
      HEAR,
      `echo ANSWER $(devmem ${word(1)} 32)`,
    ]);
    const registry = server.service(SHARED_MEMORY);
    const client = await start(hypervisor, 'client', 'client', [
      LISTEN,
      `devmem ${word(2)} 32 1`,
      HEAR,
      `echo QUESTION $(devmem ${word(0)} 32)`,
      `devmem ${word(1)} 32 0x9abcdef0; devmem ${NOTIFY} 32 1`,
    ]);
    // The client may have left by the time the server looks.
    const [served, answered] = await Promise.all([outputOf(server), outputOf(client)]);
    expect(answered).toMatch(/^RANG\r*\n.*doorbell\r*\n0x00030001\r*$/m);
    expect(answered).toMatch(/^QUESTION 0x12345678\r*$/m);
    expect(served).toMatch(/^RANG\r*\n.*doorbell\r*\n0x000[13]0002\r*$/m);
    expect(served).toMatch(/^ANSWER 0x9ABCDEF0\r*$/im);
    await Promise.all([server.exit, client.exit]);
    expect(registry?.regions()).toEqual([]);
    await hypervisor.dispose();
  },
  LIMIT_MS,
);
