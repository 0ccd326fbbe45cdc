import { MessageChannel, Worker } from 'node:worker_threads';
import { MemoryPool } from '@qvm/core/services';
import { SharedMemoryServer } from '../channel/shared-memory-server.js';
import { LocalSharedMemory } from '../registry/local-shared-memory.js';
import { CLIENT, SERVER, SUM } from './exchange.test.helper.js';
import { serve } from './port-channel.test.helper.js';
import { SHARED, type GuestSetup } from './small-guest.test.helper.js';

const MIB = 1 << 20;
const WORKER = new URL('./vm-worker.test.helper.js', import.meta.url);

interface Ended {
  readonly exitCode: number;
  readonly log: readonly number[];
}

/** The thread of a VM, and this thread's end of its channel. */
class VmWorker {
  readonly #worker: Worker;
  readonly #server: SharedMemoryServer;
  readonly #close: () => void;
  readonly booted: Promise<void>;
  readonly ended: Promise<Ended>;

  constructor(setup: GuestSetup, registry: LocalSharedMemory, pool: MemoryPool) {
    const calls = new MessageChannel();
    const events = new MessageChannel();
    const replies = new SharedArrayBuffer(4);
    this.#server = new SharedMemoryServer(registry, pool, setup.name, (event) => events.port1.postMessage(event));
    serve({ calls: calls.port1, events: events.port1, replies }, this.#server);
    const ends = { calls: calls.port2, events: events.port2, replies };
    this.#worker = new Worker(WORKER, { workerData: { ends, setup }, transferList: [calls.port2, events.port2] });
    this.booted = new Promise((resolve) => this.#on('booted', () => resolve()));
    this.ended = new Promise((resolve, reject) => {
      this.#on('ended', resolve);
      this.#worker.on('error', reject);
    });
    this.#close = () => {
      calls.port1.close();
      events.port1.close();
    };
  }

  /** Terminates the thread in any state, and releases its resources. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    this.#server.close();
    this.#close();
  }

  #on(kind: string, listener: (message: Ended) => void): void {
    this.#worker.on('message', (message: Ended & { readonly kind: string }) => {
      if (message.kind === kind) listener(message);
    });
  }
}

const options = (role: 'server' | 'client') => ({ name: 'shm', size: 4 * MIB, role, paddr: SHARED });

it('VMs on threads of their own exchange data through one pool', async () => {
  const pool = new MemoryPool();
  const registry = new LocalSharedMemory(pool);
  const before = pool.available;
  // The client starts first, and waits for its region across the threads.
  const client = new VmWorker(
    {
      name: 'b',
      source: `7: ldr w1, [x20, #4]\n cmn w1, #1\n b.eq 7b\n mrs x9, icc_iar1_el1\n ldr w10, [x20]\n msr icc_eoir1_el1, x9\n${CLIENT}`,
      options: options('client'),
    },
    registry,
    pool,
  );
  await client.booted;
  const server = new VmWorker({ name: 'a', source: SERVER, options: options('server') }, registry, pool);
  const [served, answered] = await Promise.all([server.ended, client.ended]);
  expect([served.exitCode, answered.exitCode]).toEqual([0, 0]);
  expect([served.log[1], answered.log[1]]).toEqual([SUM, SUM]);
  await Promise.all([server.end(), client.end()]);
  expect([registry.regions(), pool.available]).toEqual([[], before]);
}, 60_000);

it('a thread that is killed leaves nothing behind', async () => {
  const pool = new MemoryPool();
  const registry = new LocalSharedMemory(pool);
  const before = pool.available;
  const vm = new VmWorker({ name: 'a', source: 'b .', options: options('server') }, registry, pool);
  await vm.booted;
  expect(registry.regions().map(({ name, clients }) => [name, clients.length])).toEqual([['shm', 1]]);
  await vm.end();
  expect([registry.regions(), pool.available]).toEqual([[], before]);
}, 60_000);

it('many VMs at once count to the right number by LSE and by exclusives', async () => {
  const pool = new MemoryPool();
  const registry = new LocalSharedMemory(pool);
  const rounds = 20_000;
  const count = `
    add x0, x19, #0x800
    mov x1, #1
    ldr x2, =${rounds}
    2: ldaddal x1, x3, [x0]
    3: ldaxr x4, [x0]
    add x4, x4, #1
    stlxr w5, x4, [x0]
    cbnz w5, 3b
    subs x2, x2, #1
    b.ne 2b\n`;
  const names = ['a', 'b', 'c'];
  const hold = registry.create('shm', 4 * MIB, { vm: 'host', vdev: 'test' });
  const workers = names.map(
    (name) => new VmWorker({ name, source: count, options: options('client') }, registry, pool),
  );
  const ends = await Promise.all(workers.map(({ ended }) => ended));
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  const view = registry.attach('shm', { vm: 'host', vdev: 'test' }, () => undefined).view;
  expect(new DataView(view.buffer, view.byteOffset).getUint32(0x800, true)).toBe(names.length * 2 * rounds);
  hold.release();
  await Promise.all(workers.map((worker) => worker.end()));
}, 60_000);
