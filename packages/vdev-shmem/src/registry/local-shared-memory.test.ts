import { QvmError } from '@qvm/core';
import { MemoryPool, SHARED_MEMORY_CLIENTS } from '@qvm/core/services';
import type { SharedMemoryAttachment } from '@qvm/core/services';
import fc from 'fast-check';
import { LocalSharedMemory } from './local-shared-memory.js';

const PAGE = 0x1000;
const OWNER = { vm: 'vm', vdev: 'shm' };
const ignore = (): void => undefined;

function withCode(code: string): QvmError {
  return expect.objectContaining({ code }) as QvmError;
}

describe('LocalSharedMemory', () => {
  it('shares bytes among its clients, zero at first and after everybody has left', () => {
    const pool = new MemoryPool();
    const registry = new LocalSharedMemory(pool);
    const hold = registry.create('a', 2 * PAGE, OWNER);
    const [one, two] = [registry.attach('a', OWNER, ignore), registry.attach('a', OWNER, ignore)];
    one.view[5] = 7;
    expect([two.view[5], two.view.length, two.slice]).toEqual([7, 2 * PAGE, one.slice]);
    hold.release();
    one.detach();
    expect([one.view.length, registry.regions().length]).toEqual([0, 1]);
    two.detach();
    expect([registry.regions(), pool.available]).toEqual([[], new MemoryPool().available]);
    registry.create('a', PAGE, OWNER);
    expect(registry.attach('a', OWNER, ignore).view.every((byte) => byte === 0)).toBe(true);
  });

  it('notifies exactly the clients that are meant, and again only when they have looked', () => {
    const registry = new LocalSharedMemory(new MemoryPool());
    registry.create('a', PAGE, OWNER);
    const rings = [0, 0, 0];
    const attach = (client: number): SharedMemoryAttachment =>
      registry.attach('a', OWNER, () => (rings[client] = (rings[client] ?? 0) + 1));
    const [one, two, three] = [attach(0), attach(1), attach(2)];
    one.notify(0b100);
    one.notify(0b100);
    two.notify(0xfff8 | 0b100);
    expect(rings).toEqual([0, 0, 1]);
    expect([three.pending, three.takePending(), three.takePending()]).toEqual([0b011, 0b011, 0]);
    three.notify(0b101);
    expect([rings, three.pending, one.active]).toEqual([[1, 0, 2], 0b100, 0b111]);
    two.detach();
    two.notify(0b1);
    expect([one.active, two.active, two.pending, two.takePending()]).toEqual([0b101, 0, 0, 0]);
  });

  it('refuses a 17th client, and gives the place of one that left to the next', () => {
    const registry = new LocalSharedMemory(new MemoryPool());
    registry.create('a', PAGE, OWNER);
    const clients = Array.from({ length: SHARED_MEMORY_CLIENTS }, () => registry.attach('a', OWNER, ignore));
    expect(() => registry.attach('a', OWNER, ignore)).toThrow(withCode('shmem.clients'));
    clients[9]?.notify(1);
    clients[9]?.detach();
    clients[9]?.detach();
    const next = registry.attach('a', OWNER, ignore);
    expect([next.index, next.pending]).toEqual([9, 0]);
    expect(() => registry.attach('a', OWNER, ignore)).toThrow(withCode('shmem.clients'));
  });

  it('has one holder for a region; another may follow one that let go', () => {
    const registry = new LocalSharedMemory(new MemoryPool());
    const hold = registry.create('a', PAGE, OWNER);
    expect(() => registry.create('a', PAGE, OWNER)).toThrow('vm/shm');
    const client = registry.attach('a', OWNER, ignore);
    client.view[0] = 3;
    hold.release();
    expect(() => registry.create('a', 2 * PAGE, OWNER)).toThrow(withCode('shmem.size'));
    registry.create('a', PAGE, OWNER);
    hold.release();
    client.detach();
    expect(registry.regions().map(({ holder }) => holder)).toEqual([OWNER]);
  });

  it('tells who watches of each region that is made', () => {
    const registry = new LocalSharedMemory(new MemoryPool());
    const seen: string[] = [];
    const end = registry.watch((name) => seen.push(name));
    registry.create('a', PAGE, OWNER);
    end();
    registry.create('b', PAGE, OWNER);
    expect(seen).toEqual(['a']);
  });

  it('refuses names, sizes and totals that are out of bounds', () => {
    const registry = new LocalSharedMemory(new MemoryPool(), { regions: 2, bytes: 8 * PAGE });
    for (const name of ['', 'a b', 'a\n', 'ä', 'x'.repeat(33)]) {
      expect(() => registry.create(name, PAGE, OWNER)).toThrow(withCode('shmem.name'));
      expect(() => registry.attach(name, OWNER, ignore)).toThrow(withCode('shmem.name'));
    }
    for (const bytes of [0, -PAGE, 1, PAGE + 1, NaN, Infinity]) {
      expect(() => registry.create('a', bytes, OWNER)).toThrow(withCode('shmem.size'));
    }
    expect(() => registry.create('a', 9 * PAGE, OWNER)).toThrow(withCode('shmem.limit'));
    expect(() => registry.attach('a', OWNER, ignore)).toThrow(withCode('shmem.unknown'));
    registry.create('a', PAGE, OWNER);
    registry.create('b', PAGE, OWNER);
    expect(() => registry.create('c', PAGE, OWNER)).toThrow(withCode('shmem.limit'));
  });

  it('never leaks a place, a region or a byte', () => {
    const action = fc.record({ kind: fc.constantFrom('create', 'release', 'attach', 'detach'), n: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const pool = new MemoryPool(64 * 0x1_0000);
        const registry = new LocalSharedMemory(pool);
        const all = pool.available;
        const open: { readonly kind: string; readonly name: string; readonly end: () => void }[] = [];
        for (const { kind, n } of actions) {
          const name = `r${n}`;
          try {
            if (kind === 'create') {
              const hold = registry.create(name, PAGE, OWNER);
              open.push({ kind: 'release', name, end: () => hold.release() });
            } else if (kind === 'attach') {
              const client = registry.attach(name, OWNER, ignore);
              open.push({ kind: 'detach', name, end: () => client.detach() });
            } else {
              const at = open.findIndex((other) => other.kind === kind && other.name === name);
              if (at >= 0) open.splice(at, 1)[0]?.end();
            }
          } catch (error) {
            expect(error).toBeInstanceOf(QvmError);
          }
          const names = new Set(open.map((other) => other.name));
          expect(new Set(registry.regions().map((region) => region.name))).toEqual(names);
        }
        for (const { end } of open) end();
        expect([registry.regions(), pool.available]).toEqual([[], all]);
      }),
    );
  });
});
