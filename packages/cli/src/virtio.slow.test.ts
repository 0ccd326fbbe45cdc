import { createHash, randomBytes } from 'node:crypto';
import { LinuxGuest } from './linux-guest.test.helper.js';

/** Drivers of an unmodified Linux kernel with the VirtIO devices: the entropy device and the console. */

const BULK = 300_000;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.each<readonly [string, Readonly<Record<string, boolean | string>>, readonly string[]]>([
  ['split rings', {}, ['VERSION_1']],
  ['packed rings', { packed: true }, ['VERSION_1', 'RING_PACKED']],
  ['packed rings over PCI', { packed: true, transport: 'pci' }, ['VERSION_1', 'RING_PACKED']],
  ['registers of version 1', { legacy: true }, []],
])('Linux drives VirtIO devices with %s', (_name, transport, features) => {
  let guest: LinuxGuest;

  beforeAll(async () => {
    const vdevs = [
      { type: 'virtio-entropy', options: transport },
      { type: 'virtio-console', options: { hostdev: 'stream:console', port: 'agent:stream:agent', ...transport } },
    ];
    guest = await LinuxGuest.boot({ vdevs });
  });

  afterAll(() => guest.stop());

  it('with these features', () => {
    const devices = guest.vm.vdevs.filter(({ type }) => type.startsWith('virtio-')).map((vdev) => vdev.status());
    expect(devices).toHaveLength(2);
    const featuresOk = features.includes('VERSION_1') ? ['FEATURES_OK'] : [];
    for (const { status, features: names } of devices) {
      expect(status).toEqual(['ACKNOWLEDGE', 'DRIVER', ...featuresOk, 'DRIVER_OK']);
      const ofTransport = (names as readonly string[]).filter((name) => /^(RING|VERSION)_/.test(name));
      expect(ofTransport).toEqual(['RING_INDIRECT_DESC', 'RING_EVENT_IDX', ...features]);
    }
  });

  it('virtio-rng: /dev/hwrng gives random bytes', async () => {
    expect(await guest.run('cat /sys/class/misc/hw_random/rng_current')).toBe('virtio_rng.0');
    const dump = await guest.run('head -c 4096 /dev/hwrng | od -An -v -tx1');
    const bytes = dump.trim().split(/\s+/);
    expect(bytes).toHaveLength(4096);
    expect(new Set(bytes).size).toBe(256);
  });

  it('virtio_console: lines go both ways over hvc0', async () => {
    const hvc = guest.stream('console');
    await guest.run('echo hello from the guest >/dev/hvc0');
    expect(await hvc.until(/\n/)).toBe('hello from the guest\r\n');
    hvc.stream.send('hello from the host\n');
    expect(await guest.run('head -n 1 </dev/hvc0')).toBe('hello from the host');
  });

  it('virtio_console: a port carries bulk data both ways', async () => {
    const agent = guest.stream('agent');
    const port = await guest.run('cd /sys/class/virtio-ports; dirname $(grep -l agent */name)');
    const bytes = randomBytes(BULK);
    agent.stream.send(bytes);
    expect(await guest.run(`head -c ${BULK} /dev/${port} | sha256sum`)).toBe(`${sha256(bytes)}  -`);
    const sum = await guest.run(
      `head -c ${BULK} /dev/urandom >/tmp/bulk; sha256sum </tmp/bulk; cat /tmp/bulk >/dev/${port}`,
    );
    expect(`${sha256(await agent.bytes(BULK))}  -`).toBe(sum);
  });

  it('and unloads and loads again', async () => {
    await guest.run('rmmod virtio_rng && mod virtio_rng');
    expect(await guest.run('head -c 64 /dev/hwrng | wc -c')).toBe('64');
  });
});

describe('a console without further ports', () => {
  let guest: LinuxGuest;
  beforeAll(async () => {
    const options = { hostdev: 'stream:console', columns: 100, rows: 30 };
    guest = await LinuxGuest.boot({ vdevs: [{ type: 'virtio-console', options }] });
  });
  afterAll(() => guest.stop());

  it('has the size of the terminal in Linux, and follows it', async () => {
    const size = (): Promise<string> => guest.run('stty size </dev/hvc0');
    expect(await size()).toBe('30 100');
    guest.vm.stream('console').resize(132, 43);
    expect(await size()).toBe('43 132');
    // The terminal is opened again with the same size.
    await guest.run('rmmod virtio_console && mod virtio_console');
    expect(await size()).toBe('43 132');
  });
});
