import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putChild } from '@qvm/core/architecture';
import { createHypervisor, type Hypervisor, type VmHandle } from '@qvm/sdk';
import { LinuxGuest } from './linux-guest.test.helper.js';

/**
 * Three unmodified Debian guests in one process, at one switch and one shared region: a PC with MSI-X, a PC whose kernel uses no
 * messages, and an arm64 machine. Drivers are those of the kernels.
 */

const LIMIT_MS = 20 * 60_000;
const SECTOR = 512;
const DISK_BYTES = 8 << 20;
const BULK = 300_000;
const REGION = { name: 'region', size: '1M', paddr: 0x7000_0000 } as const;
/** Registers of the shared region's control page. */
const Control = { status: 0, idx: 4, notify: 8, data: 0x10 } as const;
/** The doorbell of the arm64 machine: SPI 128, INTID 160, rising edge. */
const DOORBELL_KEY = {
  name: 'gpio-keys',
  properties: { compatible: 'gpio-keys' },
  children: [
    {
      name: 'doorbell',
      properties: { label: 'doorbell', 'linux,code': { cells: [28] }, interrupts: { cells: [0, 128, 1] } },
    },
  ],
};
/** A command that prepares a PC for {@link RING}: the page of registers is at $page, the function's folder is $shm. */
const FIND = [
  'mod uio_pci_generic',
  'shm=$(dirname $(grep -l 0x1c05 /sys/bus/pci/devices/*/vendor))',
  'echo 1c05 0001 >/sys/bus/pci/drivers/uio_pci_generic/new_id',
  'read page rest <$shm/resource',
].join('; ');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const word = (index: number): string => `$((${REGION.paddr} + ${4 * index}))`;
const register = (base: string, offset: number): string => `$((${base} + ${offset}))`;

let folder: string;
let hypervisor: Hypervisor;
let pc: LinuxGuest;
let plain: LinuxGuest;
let arm: LinuxGuest;
const disk = randomBytes(DISK_BYTES);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-machines-'));
  writeFileSync(join(folder, 'disk.img'), disk);
  hypervisor = createHypervisor();
  const net = (last: string, more = {}) => ({
    type: 'virtio-net',
    options: { peer: 'vswitch0', mac: `52:54:00:00:00:0${last}`, ...more },
  });
  const shmem = (role: string) => ({ type: 'shmem', options: { ...REGION, role } });
  const words = 'mitigations=off';
  pc = await LinuxGuest.boot({
    hypervisor,
    guest: 'debian-amd64',
    name: 'pc',
    words,
    vdevs: [
      net('a'),
      { type: 'virtio-blk', options: { file: join(folder, 'disk.img'), queues: 2 } },
      { type: 'virtio-console', options: { hostdev: 'stream:console', port: 'agent:stream:agent' } },
      { type: 'virtio-entropy' },
      shmem('server'),
    ],
  });
  plain = await LinuxGuest.boot({
    hypervisor,
    guest: 'debian-amd64',
    name: 'plain',
    words: `${words} pci=nomsi`,
    vdevs: [net('b', { packed: true }), { type: 'virtio-entropy', options: { packed: true, pci: '1e' } }],
  });
  const prepare = (vm: VmHandle): void => {
    vm.hooks.deviceTree.tap({ name: 'doorbell key' }, (tree) => putChild(tree, '/', DOORBELL_KEY));
  };
  arm = await LinuxGuest.boot({ hypervisor, name: 'arm', prepare, vdevs: [net('c'), shmem('client')] });
  let host = 0;
  for (const guest of [pc, plain, arm]) {
    await guest.run(`ip link set eth0 up; ip addr add 10.0.0.${++host}/24 dev eth0`);
  }
}, LIMIT_MS);

afterAll(async () => {
  await hypervisor.dispose();
  rmSync(folder, { recursive: true });
});

describe('a PC', () => {
  it('gets message interrupts of each queue by MSI-X', async () => {
    await pc.run('ping -c 1 10.0.0.3; head -c 64 /dev/hwrng >/dev/null; head -c 4096 /dev/vda >/dev/null');
    const lines = (await pc.run('cat /proc/interrupts')).split('\n').filter((line) => line.includes('PCI-MSI'));
    const counts = new Map(
      lines.map((line) => {
        const [, count = '', name = ''] = /^ *\d+: +(\d+).* (\S+)$/.exec(line) ?? [];
        return [name.replace(/^virtio\d+-/, ''), Number(count)];
      }),
    );
    expect([...counts.keys()]).toEqual(expect.arrayContaining(['config', 'input.0', 'output.0', 'req.0', 'input']));
    for (const name of ['input.0', 'input', 'req.0']) expect(counts.get(name)).toBeGreaterThan(0);
    for (const vdev of pc.vm.vdevs.filter(({ type }) => type.startsWith('virtio-'))) {
      expect(vdev.status()).toMatchObject({ pci: expect.stringMatching(/^00:/), status: expect.anything() });
    }
  });

  it('reads and writes a disk', async () => {
    expect(await pc.run('sha256sum </dev/vda')).toBe(`${sha256(disk)}  -`);
    expect(await pc.run('cat /sys/block/vda/size')).toBe(String(DISK_BYTES / SECTOR));
    const sum = await pc.run(
      'head -c 1048576 /dev/urandom >/tmp/new; dd if=/tmp/new of=/dev/vda bs=64k seek=16 conv=fsync 2>/dev/null; sha256sum </tmp/new',
    );
    const after = readFileSync(join(folder, 'disk.img'));
    expect(`${sha256(after.subarray(1 << 20, 2 << 20))}  -`).toBe(sum);
    expect(sha256(after.subarray(2 << 20))).toBe(sha256(disk.subarray(2 << 20)));
  });

  it('has a console with lines and a port with bulk data, both ways', async () => {
    const console = pc.stream('console');
    await pc.run('echo hello from the guest >/dev/hvc0');
    expect(await console.until(/\n/)).toBe('hello from the guest\r\n');
    console.stream.send('hello from the host\n');
    expect(await pc.run('head -n 1 </dev/hvc0')).toBe('hello from the host');
    const agent = pc.stream('agent');
    const port = await pc.run('cd /sys/class/virtio-ports; dirname $(grep -l agent */name)');
    const bytes = randomBytes(BULK);
    agent.stream.send(bytes);
    expect(await pc.run(`head -c ${BULK} /dev/${port} | sha256sum`)).toBe(`${sha256(bytes)}  -`);
    const sum = await pc.run(
      `head -c ${BULK} /dev/urandom >/tmp/bulk; sha256sum </tmp/bulk; cat /tmp/bulk >/dev/${port}`,
    );
    expect(`${sha256(await agent.bytes(BULK))}  -`).toBe(sum);
  });

  it('gets random bytes, also after its driver was loaded again', async () => {
    const distinct = 'head -c 4096 /dev/hwrng | od -An -v -tx1 -w1 | sort -u | wc -l';
    expect(await pc.run('cat /sys/class/misc/hw_random/rng_current')).toMatch(/^virtio_rng/);
    expect(await pc.run(distinct)).toBe('256');
    await pc.run('rmmod virtio_rng && mod virtio_rng');
    expect(await pc.run(distinct)).toBe('256');
  });

  it('drives the devices by INTA# to INTD# when its kernel uses no messages, at chosen places of the bus', async () => {
    await plain.run('ping -c 3 10.0.0.1 && head -c 64 /dev/hwrng >/dev/null');
    const interrupts = await plain.run('cat /proc/interrupts');
    expect(interrupts).not.toContain('PCI-MSI');
    expect(interrupts).toMatch(/^ *\d+: +[1-9]\d*.*IO-APIC.*fasteoi.*virtio0/m);
    expect(await plain.run('cat /sys/bus/pci/devices/0000:00:1e.0/device')).toBe('0x1044');
    const devices = plain.vm.vdevs.filter(({ type }) => type.startsWith('virtio-')).map((vdev) => vdev.status());
    for (const { features } of devices) expect(features).toContain('RING_PACKED');
  });
});

describe('machines of both architectures', () => {
  it('reach each other over a switch', async () => {
    for (const [guest, other] of [
      [pc, 3],
      [arm, 1],
      [arm, 2],
    ] as const) {
      expect(await guest.run(`ping -c 3 10.0.0.${other}`)).toContain('3 packets received, 0% packet loss');
    }
  });

  it('carry a stream of nc, in both directions', async () => {
    for (const [from, to, address] of [
      [pc, arm, 3],
      [arm, pc, 1],
    ] as const) {
      const sum = await from.run('head -c 500000 /dev/urandom >/tmp/stream; sha256sum </tmp/stream');
      const receiving = to.run('nc -l -p 5000 | sha256sum');
      await from.run(`sleep 1; nc 10.0.0.${address} 5000 </tmp/stream`);
      expect(await receiving).toBe(sum);
    }
  });

  it('share a region, and interrupt each other', async () => {
    await pc.run(FIND);
    expect(await pc.run(`devmem ${register('page', Control.data)} 32`)).toBe('0x70000000');
    await arm.run('mod evdev; mod gpio_keys; page=0x0b000000');
    expect(await pc.run(`devmem ${register('page', Control.idx)} 32`)).toBe('0x00000000');
    expect(await arm.run(`devmem ${register('page', Control.idx)} 32`)).toBe('0x00000001');
    // From the PC to the arm64 machine.
    await arm.run('event=$(dirname $(dirname $(grep -l gpio-keys /sys/class/input/event*/device/name)))');
    await arm.run('hexdump -n 24 /dev/input/${event##*/} >/tmp/event & sleep 1');
    await pc.run(`devmem ${word(0)} 32 0x12345678; devmem ${register('page', Control.notify)} 32 2`);
    expect(await arm.run(`wait %1; test -s /tmp/event; devmem ${word(0)} 32`)).toBe('0x12345678');
    expect(await arm.run(`devmem ${register('page', Control.status)} 32`)).toBe('0x00030001');
    // And back, twice: reading the status takes the interrupt down, and the driver's mask is taken off.
    for (const turn of [1, 2]) {
      await pc.run(String.raw`printf '\2\0' | dd of=$shm/config bs=1 seek=4 conv=notrunc 2>/dev/null`);
      await pc.run('(dd if=/dev/uio0 bs=4 count=1 2>/dev/null | od -An -tu4 >/tmp/rung) & sleep 1');
      await arm.run(`devmem ${word(turn)} 32 0x9abcdef${turn}; devmem ${register('page', Control.notify)} 32 1`);
      expect((await pc.run('wait; cat /tmp/rung')).trim()).toBe(String(turn));
      expect(await pc.run(`devmem ${word(turn)} 32`)).toBe(`0x9ABCDEF${turn}`);
      expect(await pc.run(`devmem ${register('page', Control.status)} 32`)).toBe('0x00030002');
    }
    expect(await pc.run('grep uio /proc/interrupts')).toMatch(/: +2 .*IO-APIC/);
  });
});
