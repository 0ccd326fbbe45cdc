import { MemoryPool, SHARED_MEMORY } from '@qvm/core/services';
import { allVdevOptions, registersToMarkdown } from '@qvm/core/vdev';
import { PCI_BUS, PciBus } from '@qvm/pci';
import { createVdev, describeVdevContract, FakeInterruptLine, FakeMemoryWindow, parseOptions } from '@qvm/testing';
import type { GivenOptions, FakeVdevContext, VdevHarness } from '@qvm/testing';
import fc from 'fast-check';
import { LocalSharedMemory } from '../registry/local-shared-memory.js';
import { controlRegisters } from './control-page.js';
import { factoryRegisters, FactoryStatus } from './factory-page.js';
import { shmemProblems } from './options.js';
import { matchesGlob } from './glob.js';
import { shmem } from './shmem.js';

const PAGE = 0x1000;
const HOST = { vm: 'host', vdev: 'test' };
const ignore = (): void => undefined;
const FIXED = { name: 'shm', size: 4 * PAGE, role: 'server', paddr: 0x7000_0000 } as const;

function fixed(registry: LocalSharedMemory, options: GivenOptions = FIXED): VdevHarness {
  return createVdev(shmem, { options, prepare: (context) => context.attach(SHARED_MEMORY, registry) });
}

function factory(registry: LocalSharedMemory, options: GivenOptions = {}): VdevHarness {
  return createVdev(shmem, { options, prepare: (context) => context.attach(SHARED_MEMORY, registry) });
}

const newRegistry = (): LocalSharedMemory => new LocalSharedMemory(new MemoryPool());

const Factory = { shmem: 0x08, vector: 0x10, status: 0x14, size: 0x18, name: 0x1c, find: 0x3c } as const;
const Control = { status: 0, idx: 4, notify: 8, detach: 0xc } as const;

function writeName(guest: VdevHarness, name: string): void {
  for (let at = 0; at < 32; at++) guest.write(Factory.name + at, name.charCodeAt(at) || 0, 1);
}

/** Creates or attaches; returns the offset of the control page in the window, or the status of a failure. */
function connect(
  guest: VdevHarness,
  name: string,
  pages: number,
): { readonly status: number; readonly offset: number } {
  writeName(guest, name);
  guest.write(Factory.size, pages);
  const address = guest.read(Factory.shmem) + guest.read(Factory.shmem + 4) * 2 ** 32;
  return { status: guest.read(Factory.status), offset: address - guest.context.window('regions').base };
}

const contractSetup = { prepare: (context: VdevHarness['context']) => context.attach(SHARED_MEMORY, newRegistry()) };

describe('with a role', () => {
  describeVdevContract(shmem, {
    ...contractSetup,
    options: FIXED,
    change: ({ write }) => write(Control.detach, 1),
  });
});
describe('as a factory', () => {
  describeVdevContract(shmem, {
    ...contractSetup,
    change: (guest) => writeName(guest, 'region'),
  });
});

/** Gives the vdev a bus, whose INTA# leads to the line. */
function attachBus(context: FakeVdevContext, line = new FakeInterruptLine(40)): PciBus {
  const bus = new PciBus({ memory32: new FakeMemoryWindow(0x2000_0000, 0x1000_0000), connectPin: () => line });
  context.attach(PCI_BUS, bus);
  return bus;
}

describe('as a PCI function', () => {
  const prepare = (context: FakeVdevContext): void => {
    attachBus(context);
    context.attach(SHARED_MEMORY, newRegistry());
  };
  const write = ({ context }: VdevHarness, offset: number, value: number): void =>
    context.attachment(PCI_BUS).functionAt({ slot: 0, fn: 0 })?.spec.bars?.[0]?.handler?.write(offset, 4, value);
  describeVdevContract(shmem, {
    prepare,
    options: { ...FIXED, pci: '0.0' },
    change: (guest) => write(guest, Control.detach, 1),
  });
  describeVdevContract(shmem, {
    prepare,
    options: { transport: 'pci' },
    change: (guest) => write(guest, Factory.name, 0x6162_6364),
  });

  it('has its page of registers in BAR 0, and rings by INTA#', () => {
    const registry = newRegistry();
    const server = fixed(registry);
    const line = new FakeInterruptLine(40);
    const client = createVdev(shmem, {
      options: { name: 'shm', size: 4 * PAGE, role: 'client', pci: '0.0' },
      prepare: (context) => {
        attachBus(context, line);
        context.attach(SHARED_MEMORY, registry);
      },
    });
    const fn = client.context.attachment(PCI_BUS).functionAt({ slot: 0, fn: 0 });
    expect([fn?.spec.vendorId, fn?.spec.deviceId, fn?.interruptLine]).toEqual([0x1c05, 1, 40]);
    const page = fn?.spec.bars?.[0]?.handler;
    expect([page?.read(Control.idx, 4), client.vdev.status()['pci'], client.vdev.mmio]).toEqual([1, '00:00.0', {}]);
    server.write(Control.notify, 0b10);
    client.context.runPosted();
    expect(line.level).toBe(true);
    expect([page?.read(Control.status, 4), line.level]).toEqual([0x3_0001, false]);
  });
});

describe('a region at a fixed place', () => {
  it('tells where its data are, above 4 GiB too', () => {
    const { read } = fixed(newRegistry(), { ...FIXED, paddr: 0x12_3456_7000 });
    expect([0x10, 0x14, 0x18, 0x1c].map((offset) => read(offset))).toEqual([0x3456_7000, 0x12, 4 * PAGE, 0]);
  });

  it('is there from the start: data in its window, doorbells beside', () => {
    const registry = newRegistry();
    const server = fixed(registry);
    const client = fixed(registry, { name: 'shm', size: 4 * PAGE, role: 'client' });
    expect([server.read(Control.idx), client.read(Control.idx)]).toEqual([0, 1]);
    expect(server.context.window('data').content.get(0)).toEqual(client.context.window('data').content.get(0));
    client.write(Control.notify, 0b01);
    server.context.runPosted();
    client.context.runPosted();
    expect([server.context.interrupt('doorbell').level, client.context.interrupt('doorbell').level]).toEqual([
      true,
      false,
    ]);
    expect([server.read(Control.status), server.context.interrupt('doorbell').level]).toEqual([0x3_0002, false]);
    expect(server.read(Control.status)).toBe(0x3_0000);
  });

  it('posts one task however often it is rung', () => {
    const registry = newRegistry();
    const server = fixed(registry);
    const client = fixed(registry, { name: 'shm', size: 4 * PAGE, role: 'client' });
    for (let n = 0; n < 1000; n++) {
      client.write(Control.notify, 1);
      registry.attach('shm', HOST, ignore).detach();
    }
    expect(server.context.runPosted()).toBe(1);
  });

  it('frees its place when the guest detaches, resets, or its VM ends', async () => {
    const registry = newRegistry();
    const server = fixed(registry);
    for (let n = 0; n < 40; n++) {
      server.write(Control.detach, 0);
      expect([server.read(Control.idx), server.context.window('data').content.size]).toEqual([0xffff_ffff, 0]);
      server.vdev.reset();
      expect([server.read(Control.idx), server.context.window('data').content.size]).toEqual([0, 1]);
    }
    await server.vdev.dispose();
    expect(registry.regions()).toEqual([]);
  });

  it('waits for the server, and refuses another size', async () => {
    const registry = newRegistry();
    const client = fixed(registry, { name: 'shm', size: 4 * PAGE, role: 'client' });
    expect([client.read(Control.idx), client.read(Control.status)]).toEqual([0xffff_ffff, 0]);
    client.write(Control.notify, 1);
    const server = fixed(registry, { ...FIXED, size: 8 * PAGE });
    client.context.runPosted();
    expect([client.read(Control.idx), client.context.logger.entries.length]).toEqual([0xffff_ffff, 1]);
    expect(() => fixed(registry, { name: 'shm', size: 4 * PAGE, role: 'client' })).toThrow('32768');
    await server.vdev.dispose();
    fixed(registry);
    client.context.runPosted();
    expect([client.read(Control.idx), client.context.interrupt('doorbell').level]).toEqual([1, true]);
    expect(registry.regions()[0]?.clients).toHaveLength(2);
  });

  it('has one server', () => {
    const registry = newRegistry();
    fixed(registry);
    expect(() => fixed(registry)).toThrow(expect.objectContaining({ code: 'shmem.exists' }));
    expect(registry.regions()[0]?.clients).toHaveLength(1);
  });
});

describe('the factory page', () => {
  it('creates, attaches and finds', () => {
    const registry = newRegistry();
    const [a, b] = [factory(registry), factory(registry)];
    const made = connect(a, 'first', 3);
    const other = connect(a, 'second', 1);
    expect([made.status, made.offset, other.offset]).toEqual([0, 0, 4 * PAGE]);
    expect(connect(b, 'first', 0)).toEqual({ status: 0, offset: 0 });
    const { content } = a.context.window('regions');
    expect([...content.keys()].sort((x, y) => x - y)).toEqual([0, PAGE, 4 * PAGE, 5 * PAGE]);
    expect(content.get(PAGE)).toEqual(b.context.window('regions').content.get(PAGE));
    a.write(Factory.find, 0);
    expect([a.read(Factory.status), String.fromCharCode(a.read(Factory.name, 1))]).toEqual([0, 'f']);
    a.write(Factory.find, 2);
    expect([a.read(Factory.status), a.read(Factory.shmem)]).toEqual([FactoryStatus.DoesNotExist, 0]);
    expect(a.read(Factory.vector)).toBe(a.context.interrupt('doorbell').number);
  });

  it('answers each failure by its status, and leaves nothing behind', () => {
    const registry = new LocalSharedMemory(new MemoryPool(), { bytes: 64 * PAGE });
    const guest = factory(registry, { allow: ['ok*'], deny: ['*not'], window: 32 * PAGE });
    const status = (name: string, pages: number): number => connect(guest, name, pages).status;
    expect([
      status('ok', 0),
      status('', 1),
      status('a b', 1),
      status('secret', 1),
      status('ok-not', 1),
      status('ok', 65),
      status('ok', 0xffff_ffff),
      status('ok', 33),
    ]).toEqual([
      FactoryStatus.DoesNotExist,
      FactoryStatus.IllegalName,
      FactoryStatus.IllegalName,
      FactoryStatus.NoPermission,
      FactoryStatus.NoPermission,
      FactoryStatus.NoMemory,
      FactoryStatus.NoMemory,
      FactoryStatus.NoMemory,
    ]);
    expect([registry.regions(), guest.context.window('regions').content.size]).toEqual([[], 0]);
    const hold = registry.create('ok', PAGE, HOST);
    expect([status('ok', 2), status('ok', 1)]).toEqual([FactoryStatus.UnknownFailure, 0]);
    hold.release();
  });

  it('makes nothing that has no room in its window', () => {
    const registry = newRegistry();
    const created: string[] = [];
    registry.watch((name) => created.push(name));
    const guest = factory(registry, { window: 8 * PAGE });
    expect([connect(guest, 'a', 8).status, created]).toEqual([FactoryStatus.NoMemory, []]);
    registry.create('large', 8 * PAGE, HOST);
    expect(connect(guest, 'large', 0).status).toBe(FactoryStatus.NoMemory);
    expect([registry.regions()[0]?.clients, guest.context.window('regions').content.size]).toEqual([[], 0]);
    expect(connect(guest, 'b', 7).status).toBe(FactoryStatus.Ok);
  });

  it('refuses the 17th client until one detaches', async () => {
    const registry = newRegistry();
    const guests = Array.from({ length: 16 }, () => factory(registry));
    for (const guest of guests) expect(connect(guest, 'full', 1).status).toBe(FactoryStatus.Ok);
    const late = factory(registry);
    expect(connect(late, 'full', 1).status).toBe(FactoryStatus.ClientMax);
    for (let round = 0; round < 3; round++) {
      const control = (guests[7] as VdevHarness).context.window('regions').registers(0);
      control.write(Control.detach, 4, 1);
      expect(control.read(Control.status, 4)).toBe(0);
      const { status, offset } = connect(late, 'full', 1);
      expect([status, late.context.window('regions').registers(offset).read(Control.idx, 4)]).toEqual([0, 7]);
      expect(connect(guests[7] as VdevHarness, 'full', 1).status).toBe(FactoryStatus.ClientMax);
      late.context.window('regions').registers(offset).write(Control.detach, 4, 1);
      expect(connect(guests[7] as VdevHarness, 'full', 1).status).toBe(FactoryStatus.Ok);
    }
    for (const guest of guests) await guest.vdev.dispose();
    expect(registry.regions()).toEqual([]);
  });

  it('keeps the interrupt up while any connection has something pending', () => {
    const registry = newRegistry();
    const guest = factory(registry);
    const offsets = ['a', 'b'].map((name) => connect(guest, name, 1).offset);
    const line = guest.context.interrupt('doorbell');
    for (const name of ['a', 'b']) registry.attach(name, HOST, ignore).notify(1);
    guest.context.runPosted();
    const levels = offsets.map((offset) => {
      const pending = guest.context.window('regions').registers(offset).read(Control.status, 4);
      return [pending, line.level];
    });
    expect(levels).toEqual([
      [0x3_0002, true],
      [0x3_0002, false],
    ]);
  });

  it('makes the regions that the configuration names, for any guest that is permitted', () => {
    const registry = newRegistry();
    const owner = factory(registry, { create: ['one,16K', 'two,0x1000'], deny: ['*'] });
    expect(registry.regions().map(({ name, bytes }) => [name, bytes])).toEqual([
      ['one', 0x4000],
      ['two', 0x1000],
    ]);
    expect([connect(owner, 'one', 0).status, connect(owner, 'three', 1).status]).toEqual([
      0,
      FactoryStatus.NoPermission,
    ]);
    expect(() => factory(registry, { create: ['new,4K', 'one,16K'] })).toThrow('one');
    expect(registry.regions()).toHaveLength(2);
  });

  it('survives any sequence of commands, and frees all in the end', () => {
    const offset = fc.oneof(fc.constantFrom(...Object.values(Factory)), fc.integer({ min: 0, max: 0x3f }));
    const access = fc.record({
      offset,
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 1, 2, 0x61, 0x6261)),
      control: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(access, { maxLength: 200 }), (accesses) => {
        const pool = new MemoryPool();
        const all = pool.available;
        const registry = new LocalSharedMemory(pool);
        const guest = factory(registry, { window: 64 * PAGE });
        const window = guest.context.window('regions');
        for (const { offset, width, value, control } of accesses) {
          const page = [...window.content.values()].find((content) => content.kind === 'registers');
          const at = offset - (offset % width);
          if (control && page?.kind === 'registers') page.handler.write(at, width, value % 2 ** (8 * width));
          else guest.write(at, value % 2 ** (8 * width), width);
          guest.context.runPosted();
          const read = guest.read(at, width);
          expect(Number.isInteger(read) && read >= 0 && read < 2 ** (8 * width)).toBe(true);
        }
        guest.vdev.reset();
        expect([registry.regions(), window.content.size, pool.available]).toEqual([[], 0, all]);
      }),
    );
  });
});

describe('options', () => {
  const wrong: readonly GivenOptions[] = [
    { role: 'server' },
    { role: 'server', name: 'a' },
    { size: PAGE, name: 'a' },
    { role: 'client', size: PAGE },
    { role: 'client', size: PAGE, name: 'a b' },
    { role: 'client', size: PAGE + 1, name: 'a' },
    { role: 'client', size: PAGE, name: 'a', allow: ['*'] },
    { paddr: 0 },
    { window: 3 * PAGE + 1 },
    ...['a', 'a,', 'a,1', 'a,4097', ',4K', 'a,4T1', 'a b,4K', 'a,0', 'a,99999999999999G'].map((create) => ({ create })),
  ];
  it.each(wrong)('refuses %j', (options) => {
    const prepare = (context: FakeVdevContext): void => context.attach(SHARED_MEMORY, newRegistry());
    expect(() => createVdev(shmem, { options, prepare })).toThrow(expect.objectContaining({ code: 'vdev.option' }));
  });

  it('blames the option', () => {
    const options = (given: GivenOptions) => parseOptions(allVdevOptions(shmem), given);
    const blamed = (given: GivenOptions) => shmemProblems(options(given)).map(({ option }) => option);
    expect(blamed({ role: 'client', size: PAGE, name: 'a' })).toEqual([]);
    expect(blamed({ create: 'a,4K', allow: '*' })).toEqual([]);
    expect(blamed({ role: 'client', name: 'a b', deny: '*' })).toEqual(['role', 'name', 'deny']);
    expect(blamed({ size: PAGE, create: 'a,4K' })).toEqual(['size', 'role', 'create']);
  });
});

it('matches patterns as a search by regular expression does', () => {
  const letter = fc.constantFrom('a', 'b', '*', '?');
  const text = fc.array(letter, { maxLength: 8 }).map((letters) => letters.join(''));
  fc.assert(
    fc.property(text, text, (name, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`);
      expect(matchesGlob(name, pattern)).toBe(expression.test(name));
    }),
  );
  expect(matchesGlob('a'.repeat(32), '*a'.repeat(200) + 'b')).toBe(false);
});

it('lays its registers out as published', () => {
  expect(registersToMarkdown(controlRegisters)).toContain('| 0x008 | NOTIFY | WO | 32 |');
  expect(registersToMarkdown(factoryRegisters)).toContain('| 0x03c | FIND | WO | 32 |');
});
