import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchGuest } from '@qvm/guests';
import { createHypervisor, type Hypervisor } from '@qvm/sdk';
import { LinuxGuest } from './linux-guest.test.helper.js';

/** Two unmodified Debian kernels in one process, with Linux' own driver, at one switch. */

const LIMIT_MS = 15 * 60_000;
const MEGABYTES = 8;

interface Counters {
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly sendDrops: number;
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  readonly receiveDrops: number;
}

/** The network's counters for a guest's device. */
function countersOf({ vm }: LinuxGuest): Counters {
  const status = vm.vdevs.find(({ name }) => name === 'net0')?.status();
  return (status?.['device'] as { readonly counters?: Counters }).counters as Counters;
}

describe('two Debian guests at a switch', () => {
  let folder: string;
  let capture: string;
  let hypervisor: Hypervisor;
  let a: LinuxGuest;
  let b: LinuxGuest;

  beforeAll(async () => {
    await fetchGuest('debian-arm64');
    folder = mkdtempSync(join(tmpdir(), 'qvm-network-'));
    capture = join(folder, 'a.pcapng');
    hypervisor = createHypervisor();
    const boot = (name: string, options: Readonly<Record<string, string>>): Promise<LinuxGuest> =>
      LinuxGuest.boot({ hypervisor, name, vdevs: [{ type: 'virtio-net', options: { name: 'net0', ...options } }] });
    const peer = { peer: 'vswitch0', vlan: '10', mtu: '1400' };
    [a, b] = await Promise.all([
      boot('a', { ...peer, mac: '52:54:00:00:00:0a', capture }),
      boot('b', { ...peer, packed: 'true' }),
    ]);
  }, LIMIT_MS);

  afterAll(async () => {
    await hypervisor.dispose();
    rmSync(folder, { recursive: true });
  });

  it('have the addresses and the MTU that their configurations say', async () => {
    expect(await a.run('ip link show dev eth0')).toContain('link/ether 52:54:00:00:00:0a');
    expect(await b.run('ip link show dev eth0')).toContain('mtu 1400');
    await a.run('ip link set eth0 up; ip addr add 10.0.0.1/24 dev eth0');
    await b.run('ip link set eth0 up; ip addr add 10.0.0.2/24 dev eth0');
    expect(await a.run('cat /sys/class/net/eth0/carrier')).toMatch(/^1$/m);
  });

  it('reach each other, also with fragments, and with a flood', async () => {
    expect(await a.run('ping -c 3 10.0.0.2')).toContain('3 packets received, 0% packet loss');
    expect(await b.run('ping -c 3 -s 8000 10.0.0.1')).toContain('3 packets received, 0% packet loss');
    expect(await b.run('ping -c 300 -A -q 10.0.0.1')).toContain('300 packets received, 0% packet loss');
  });

  it('carry a file over TCP, in large frames that nobody cuts, and lose no frame of it', async () => {
    await a.run(`mkdir /tmp/www; dd if=/dev/urandom of=/tmp/www/file bs=1M count=${MEGABYTES} 2>/dev/null`);
    const [sum] = (await a.run('sha256sum </tmp/www/file')).trim().split(' ');
    await a.run('httpd -h /tmp/www');
    const before = countersOf(a);
    expect(await b.run('wget -q -O - http://10.0.0.1/file | sha256sum')).toContain(sum);
    const frames = countersOf(a).sentFrames - before.sentFrames;
    const bytes = countersOf(a).sentBytes - before.sentBytes;
    expect(bytes).toBeGreaterThan(MEGABYTES << 20);
    expect(bytes / frames).toBeGreaterThan(2000);
  });

  it('carry a stream of nc', async () => {
    const receiving = b.run('nc -l -p 5000 | sha256sum');
    await a.run('sleep 1; dd if=/tmp/www/file bs=64k count=8 2>/dev/null | nc 10.0.0.2 5000');
    const [sum] = (await a.run('dd if=/tmp/www/file bs=64k count=8 2>/dev/null | sha256sum')).trim().split(' ');
    expect(await receiving).toContain(sum);
  });

  it('account for every frame', async () => {
    // The interfaces are down, so that no neighbour discovery takes place.
    await Promise.all([a.run('ip link set eth0 down'), b.run('ip link set eth0 down')]);
    expect(countersOf(b)).toMatchObject({ receivedFrames: countersOf(a).sentFrames, receiveDrops: 0, sendDrops: 0 });
    expect(countersOf(a)).toMatchObject({ receivedFrames: countersOf(b).sentFrames, receiveDrops: 0, sendDrops: 0 });
  });

  it('leave a capture with every frame as it would be on a wire', async () => {
    const { sentFrames, receivedFrames } = countersOf(a);
    await hypervisor.dispose();
    const frames = readFrames(readFileSync(capture));
    expect(frames.length).toBeGreaterThan(sentFrames + receivedFrames);
    expect(Math.max(...frames)).toBeLessThanOrEqual(1514);
  });
});

/** The lengths of the frames in a capture, from its blocks of type 6. */
function readFrames(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
    if (view.getUint32(at, true) === 6) lengths.push(view.getUint32(at + 20, true));
  }
  return lengths;
}
