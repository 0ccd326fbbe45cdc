import { QvmError } from '@qvm/core';
import { MemoryPool } from '@qvm/core/services';
import fc from 'fast-check';
import { LocalSharedMemory } from '../registry/local-shared-memory.js';
import type { SharedMemoryChannel, SharedMemoryEvent } from './messages.js';
import { RemoteSharedMemory } from './remote-shared-memory.js';
import { SharedMemoryServer } from './shared-memory-server.js';

const PAGE = 0x1000;
const OWNER = { vm: 'liar', vdev: 'shm' };
const ignore = (): void => undefined;

/** Two VMs with one registry, connected without threads. */
function join() {
  const pool = new MemoryPool();
  const registry = new LocalSharedMemory(pool);
  const connect = (vm: string) => {
    const listeners: ((event: SharedMemoryEvent) => void)[] = [];
    const server = new SharedMemoryServer(registry, pool, vm, (event) =>
      listeners.forEach((listener) => listener(event)),
    );
    const channel: SharedMemoryChannel = {
      call: (call) => server.call(call),
      note: (note) => server.note(note),
      onEvent: (listener) => listeners.push(listener),
    };
    return { server, remote: new RemoteSharedMemory(channel) };
  };
  return { pool, registry, one: connect('one'), two: connect('two') };
}

describe('the channel to a registry', () => {
  it('does all that the registry does, in the name of the VM', () => {
    const { pool, registry, one, two } = join();
    const created: string[] = [];
    const unwatch = two.remote.watch((name) => created.push(name));
    const hold = one.remote.create('a', PAGE, OWNER);
    unwatch();
    let rings = 0;
    const first = one.remote.attach('a', OWNER, ignore);
    const second = two.remote.attach('a', OWNER, () => rings++);
    first.view[0] = 9;
    first.notify(0b10);
    first.notify(0b10);
    expect([created, second.view[0], rings, second.takePending(), second.active]).toEqual([['a'], 9, 1, 1, 3]);
    expect(two.remote.regions()).toEqual(registry.regions());
    expect(registry.regions()[0]?.holder).toEqual({ vm: 'one', vdev: 'shm' });
    hold.release();
    first.detach();
    second.detach();
    expect([registry.regions(), pool.available]).toEqual([[], new MemoryPool().available]);
  });

  it('hands on errors by their code', () => {
    const { one, two } = join();
    expect(() => one.remote.attach('none', OWNER, ignore)).toThrow(
      expect.objectContaining({ code: 'shmem.unknown', name: 'QvmError' }),
    );
    one.remote.create('a', PAGE, OWNER);
    expect(() => two.remote.create('a', PAGE, OWNER)).toThrow('one/shm');
    expect(() => two.remote.vmMemory(2 ** 40)).toThrow(QvmError);
  });

  it('frees all that a VM had when it ends', () => {
    const { pool, registry, one, two } = join();
    one.remote.create('a', PAGE, OWNER);
    one.remote.attach('a', OWNER, ignore);
    const client = two.remote.attach('a', OWNER, ignore);
    two.remote.vmMemory(PAGE);
    one.server.close();
    expect([client.active, registry.regions().length]).toEqual([0b10, 1]);
    two.server.close();
    expect([registry.regions(), pool.available]).toEqual([[], new MemoryPool().available]);
  });

  it('wakes a client whose notifier ended between the signal and the call', () => {
    const { one, two } = join();
    one.remote.create('a', PAGE, OWNER);
    let rings = 0;
    two.remote.attach('a', OWNER, () => rings++);
    const sender = one.remote.attach('a', OWNER, ignore);
    one.server.note = ignore;
    sender.notify(0b01);
    expect(rings).toBe(0);
    one.server.close();
    expect(rings).toBe(1);
  });

  it('bounds what one VM may have, and survives whatever comes in', () => {
    const { pool, registry, one } = join();
    const all = pool.available;
    let refused = 0;
    for (let n = 0; n < 300; n++) if (!one.server.call({ kind: 'memory', bytes: 1 }).ok) refused++;
    expect(refused).toBe(300 - 256);
    one.server.close();
    const word = fc.constantFrom('memory', 'create', 'attach', 'regions', 'give', 'release', 'wake', 'detach', 'a', '');
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(1, 2, 3, 0x1_0000, 0x1000));
    const value = fc.oneof(word, number, fc.constant(null), fc.anything());
    const message = fc.oneof(
      fc.anything(),
      fc.record({ kind: word, name: value, bytes: value, owner: value, hold: value, attachment: value, offset: value }),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        const server = new SharedMemoryServer(registry, pool, 'vm', ignore);
        for (const text of messages) {
          const reply = server.call(text);
          if (!reply.ok) expect(reply.code).toMatch(/^(shmem|memory)\./);
          server.note(text);
        }
        server.close();
        expect([registry.regions(), pool.available]).toEqual([[], all]);
      }),
    );
  });
});
