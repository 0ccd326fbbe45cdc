import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { ALL_OFFLOADS, type FrameOffload, type NetworkPort } from '@qvm/core/services';
import { SwitchFabric } from '../fabric/switch-fabric.js';
import { BROADCAST, frame, Receiver, station } from '../frames.test.helper.js';
import { createPortPair, openThreadPort } from './create-port-pair.js';
import { plugThreadPort, ThreadFabric } from './thread-fabric.js';

const A = station(1);
const B = station(2);
const mac = Uint8Array.from(A);

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error('it did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function startEcho(capacity?: number): Promise<{ readonly near: NetworkPort; readonly worker: Worker }> {
  const { near, far } = createPortPair(capacity);
  const worker = new Worker(new URL('./echo-worker.test.helper.js', import.meta.url), {
    workerData: far,
    transferList: [far.wake as never],
  });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await until(() => near.linkUp);
  return { near, worker };
}

describe('a cable between threads, both ends in one', () => {
  it('passes frames, says when the other end comes and goes, and offloads what the receiver does not accept', async () => {
    const { near, far } = createPortPair();
    const links: boolean[] = [];
    near.onLinkChange(() => links.push(near.linkUp));
    expect(near.send(frame(A, B, 1))).toBe(false);
    const opened = openThreadPort(far);
    const receiver = new Receiver(opened);
    await until(() => near.linkUp);
    const offload: FrameOffload = {
      needsChecksum: true,
      checksumStart: 20,
      checksumOffset: 6,
      segmentation: 'none',
      segmentSize: 0,
      ecn: false,
    };
    expect(near.send(frame(A, B, 2))).toBe(true);
    near.send(frame(A, B, 3), offload);
    opened.acceptOffloads(ALL_OFFLOADS);
    near.send(frame(A, B, 4), offload);
    expect(near.send(frame(A, B, 5), { ...offload, checksumStart: 99 })).toBe(false);
    await until(() => receiver.frames.length === 3);
    expect(receiver.offloads).toEqual([undefined, undefined, offload]);
    expect(near.counters).toMatchObject({ sentFrames: 3, sendDrops: 2 });
    opened.close();
    await until(() => links.length === 2);
    expect(links).toEqual([true, false]);
    near.close();
  });

  it('keeps what the listener does not take, until it resumes', async () => {
    const { near, far } = createPortPair(1 << 18);
    const opened = openThreadPort(far);
    const receiver = new Receiver(opened, 0);
    await until(() => near.linkUp);
    const large = frame(A, B, 0, undefined, 60_000);
    const sent = [1, 2, 3, 4, 5].map(() => near.send(large));
    expect(sent).toEqual([true, true, true, true, false]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(receiver.frames).toHaveLength(0);
    receiver.room = 9;
    opened.resume();
    expect(receiver.frames).toHaveLength(4);
    near.close();
    opened.close();
  });

  it('gives the event loop its turn while very many frames come', async () => {
    const { near, far } = createPortPair();
    const opened = openThreadPort(far);
    await until(() => near.linkUp);
    for (let number = 0; number < 1000; number++) near.send(frame(A, B, number));
    const receiver = new Receiver(opened);
    expect(receiver.frames.length).toBeLessThan(1000);
    await until(() => receiver.frames.length === 1000);
    near.close();
    opened.close();
  });
});

describe('a cable to another thread', () => {
  it('brings every frame there and back, unharmed and in order, through a small ring', async () => {
    const { near, worker } = await startEcho(1 << 18);
    const COUNT = 30_000;
    const [sentHash, receivedHash] = [createHash('sha256'), createHash('sha256')];
    let [sent, received] = [0, 0];
    near.onReceive((bytes) => {
      receivedHash.update(bytes);
      received++;
      return true;
    });
    while (sent < COUNT) {
      const bytes = frame(A, B, sent, undefined, 60 + ((sent * 7919) % 1500));
      if (near.send(bytes)) {
        sentHash.update(bytes);
        sent++;
      } else await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => received === COUNT);
    expect(receivedHash.digest('hex')).toBe(sentHash.digest('hex'));
    near.close();
    await worker.terminate();
  });

  it('goes down when that thread is killed', async () => {
    const { near, worker } = await startEcho();
    let changed = false;
    near.onLinkChange(() => (changed = true));
    await worker.terminate();
    await until(() => changed);
    expect(near.linkUp).toBe(false);
    near.close();
  });
});

describe('the networks of another thread', () => {
  it('are used as if they were here', async () => {
    const fabric = new SwitchFabric();
    const unplugs: (() => void)[] = [];
    const remote = new ThreadFabric((peer, device, parts) => unplugs.push(plugThreadPort(fabric, peer, device, parts)));
    const a = remote.connect('vswitch0', { vm: 'a', vdev: 'net0', mac });
    const b = fabric.connect('vswitch0', { vm: 'b', vdev: 'net0', mac: Uint8Array.from(B) });
    const [atA, atB] = [new Receiver(a), new Receiver(b)];
    await until(() => a.linkUp);
    a.send(frame(BROADCAST, A, 1));
    await until(() => atB.frames.length === 1);
    b.send(frame(A, B, 2));
    await until(() => atA.frames.length === 1);
    expect(fabric.switch('vswitch0').stations).toHaveLength(2);
    unplugs[0]?.();
    await until(() => !a.linkUp);
    expect(fabric.switch('vswitch0').ports).toHaveLength(1);
    a.close();
  });

  it('refuse a wrong name at once; what the other thread refuses leaves the link down', () => {
    const fabric = new SwitchFabric({ allowed: [] });
    const errors: unknown[] = [];
    const remote = new ThreadFabric((peer, device, parts) => {
      try {
        plugThreadPort(fabric, peer, device, parts);
      } catch (error) {
        errors.push((error as { code?: unknown }).code);
      }
    });
    expect(() => remote.connect('', { vm: 'a', vdev: 'net0', mac })).toThrow('is no peer');
    const port = remote.connect('vswitch0', { vm: 'a', vdev: 'net0', mac });
    expect(errors).toEqual(['network.unknown-peer']);
    expect(port.linkUp).toBe(false);
    port.close();
  });

  it('follow the link of a cable, and a VM that goes', async () => {
    const fabric = new SwitchFabric();
    const remote = new ThreadFabric((peer, device, parts) => void plugThreadPort(fabric, peer, device, parts));
    const a = remote.connect('b/net0', { vm: 'a', vdev: 'net0', mac });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(a.linkUp).toBe(false);
    const b = fabric.connect('a/net0', { vm: 'b', vdev: 'net0', mac: Uint8Array.from(B) });
    await until(() => a.linkUp);
    a.close();
    await until(() => !b.linkUp);
    b.close();
  });
});
