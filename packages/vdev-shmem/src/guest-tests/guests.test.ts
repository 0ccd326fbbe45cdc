import { MemoryPool } from '@qvm/core/services';
import { LocalSharedMemory } from '../registry/local-shared-memory.js';
import { ADDITIONS, CLIENT, SERVER, SUM } from './exchange.test.helper.js';
import { AWAIT_DOORBELL, CODE, DATA, RAM_BYTES, runAll, SHARED, SmallGuest, log } from './small-guest.test.helper.js';

const MIB = 1 << 20;
const COPIES = 30;

function services() {
  const memory = new MemoryPool();
  return { memory, registry: new LocalSharedMemory(memory) };
}

const fixed = (role: 'server' | 'client') => ({ name: 'shm', size: 4 * MIB, role, paddr: SHARED });

describe('two guests and a region', () => {
  it.each(['interp', 'wasm'] as const)('exchange data, count together, ring each other (%s)', async (engine) => {
    const host = services();
    const server = await SmallGuest.boot({ name: 'a', source: SERVER, options: fixed('server'), engine }, host);
    const client = await SmallGuest.boot({ name: 'b', source: CLIENT, options: fixed('client'), engine }, host);
    await runAll([server, client]);
    expect([server.exit?.exitCode, client.exit?.exitCode]).toEqual([0, 0]);
    expect([server.numbers, client.numbers]).toEqual([
      [0x3_0002, SUM],
      [0x3_0001, SUM],
    ]);
    expect(server.vm.guestMemory.readU32(SHARED + 0x800)).toBe(4 * ADDITIONS);
    expect(host.registry.regions()[0]?.clients.map(({ owner }) => owner.vm)).toEqual(['a', 'b']);
    const before = host.memory.available;
    await server.vm.close();
    expect(host.registry.regions()[0]?.clients.map(({ owner }) => owner.vm)).toEqual(['b']);
    await client.vm.close();
    expect(host.registry.regions()).toEqual([]);
    expect(host.memory.available).toBeGreaterThan(before + 2 * RAM_BYTES);
    expect(host.memory.available).toBe(new MemoryPool().available);
    expect(() => server.vm.guestMemory.readU32(CODE)).toThrow(expect.objectContaining({ code: 'memory.guest-access' }));
  });

  it('a client may start first: its region appears with the server, and an interrupt says so', async () => {
    const host = services();
    const source = `ldr w1, [x20, #4]\n ${log(1)} ${AWAIT_DOORBELL} ldr w1, [x20, #4]\n ${log(1)} ldr x2, [x19]\n ${log(2)}`;
    const client = await SmallGuest.boot({ name: 'b', source, options: fixed('client') }, host);
    await client.step(10_000);
    expect([client.numbers, client.exit]).toEqual([[0xffff_ffff], undefined]);
    expect(client.vm.map.find(SHARED)?.kind).toBe('reserved');
    const server = await SmallGuest.boot(
      { name: 'a', source: 'mov x1, #77\n str x1, [x19]', options: fixed('server') },
      host,
    );
    await runAll([server, client]);
    expect(client.numbers).toEqual([0xffff_ffff, 1, 77]);
  });

  it('code runs from the region, and not any more when it is gone', async () => {
    const host = services();
    const call =
      'mov x5, #42\n ldr w6, =0xd65f03c0\n str w6, [x19, #4]\n ldr w6, =0x910004a5\n str w6, [x19]\n dsb sy\n isb\n blr x19\n';
    const detachInside = `ldr w6, =0xb9000e9f\n str w6, [x19]\n dsb sy\n isb\n blr x19\n`;
    const guest = await SmallGuest.boot(
      {
        name: 'a',
        source: `${call} ${log(5)} ${call} ${log(5)} ${detachInside}`,
        options: fixed('server'),
        onException: `mrs x7, esr_el1\n ${log(7)} mrs x7, far_el1\n ${log(7)} msr elr_el1, x30\n eret`,
      },
      host,
    );
    await runAll([guest]);
    // The store that detaches is completed; the fetch after it is an external abort at its address.
    expect(guest.numbers).toEqual([43, 43, 0x8600_0010, SHARED + 4]);
    expect(guest.exit?.exitCode).toBe(0);
  });
});

it('no guest-physical address leads to a neighbour in the pool', async () => {
  const host = services();
  const secret = 0x5ec2_e75e;
  const neighbour = await SmallGuest.boot({ name: 'n', source: 'b .', options: fixed('server') }, host);
  for (let at = 0x1000; at < RAM_BYTES; at += 4) neighbour.vm.guestMemory.writeU32(CODE + at, secret);
  const sweep = `
    ldr w1, =${secret}
    mov x2, #0
    mov x3, #0
    mov x4, #0
    1: ldr w5, [x2]
    cmp w5, w1
    cinc x3, x3, eq
    add x2, x2, #0x8, lsl #12
    lsr x6, x2, #33
    cbz x6, 1b
    ${log(3)} ${log(4)}`;
  const guest = await SmallGuest.boot(
    {
      name: 'g',
      source: sweep,
      options: { window: 64 * MIB },
      onException: 'add x4, x4, #1\n mrs x7, elr_el1\n add x7, x7, #4\n msr elr_el1, x7\n mov w5, #0\n eret',
    },
    host,
  );
  await runAll([guest]);
  expect(guest.log[0]).toBe(0n);
  expect(Number(guest.log[1])).toBeGreaterThan(250_000);
});

describe('a guest that asks by the factory page', () => {
  /** Writes the name `qvm`, then a number of pages; logs the status, and the region's address on success. */
  const connect = (pages: number): string => `
    ldr w1, =0x006d7671
    str w1, [x20, #0x1c]
    mov w1, #${pages}
    str w1, [x20, #0x18]
    ldr w1, [x20, #0x14]
    ${log(1)}
    ldr x21, [x20, #8]
    ldr w22, [x20, #0x10]\n`;

  it('makes a region, finds it, attaches, rings, detaches', async () => {
    const host = services();
    const first = await SmallGuest.boot(
      {
        name: 'a',
        options: {},
        source: `
          ldr x1, [x20]
          ${log(1)} ${connect(2)} ${log(22)}
          add x23, x21, #0x1000
          mov x1, #99
          str x1, [x23]
          mov x20, x21
          ${AWAIT_DOORBELL} ${log(10)}
          ldr x1, [x23]
          ${log(1)}
          str wzr, [x20, #0xc]
          ldr x1, [x23]`,
        onException: `mrs x7, esr_el1\n ${log(7)} mrs x7, elr_el1\n add x7, x7, #4\n msr elr_el1, x7\n eret`,
      },
      host,
    );
    await first.step(10_000);
    const second = await SmallGuest.boot(
      {
        name: 'b',
        options: {},
        source: `${connect(0)}
          add x23, x21, #0x1000
          ldr x1, [x23]
          ${log(1)}
          mov x1, #100
          str x1, [x23]
          dmb sy
          mov w1, #1
          str w1, [x21, #8]
          ldr w1, [x21, #4]
          ${log(1)}`,
      },
      host,
    );
    await runAll([first, second]);
    expect(first.numbers).toEqual([Number(0x4d53_4732_474d_5651n), 0, 160, 0x3_0002, 100, 0x9600_0010]);
    expect(second.numbers).toEqual([0, 99, 1]);
  });

  it('a reset frees its places and its regions', async () => {
    const host = services();
    const reset = 'movz x0, #0x8400, lsl #16\n movk x0, #9\n hvc #0\n b .\n';
    const source = `${connect(2)} ldr x2, =${DATA}\n ldr x3, [x2]\n add x3, x3, #1\n str x3, [x2]\n cmp x3, #40\n b.hs 9f\n ${reset} 9:`;
    const guest = await SmallGuest.boot({ name: 'a', source, options: {} }, host);
    await runAll([guest]);
    expect(guest.numbers).toEqual(new Array(40).fill(0));
    expect(host.registry.regions()[0]?.clients).toHaveLength(1);
    await guest.vm.close();
    expect(host.registry.regions()).toEqual([]);
  });

  it('and a crash does as well', async () => {
    const host = services();
    const pool = host.memory.available;
    const guest = await SmallGuest.boot({ name: 'a', source: `${connect(2)} b .`, options: {} }, host);
    await guest.step(10_000);
    expect(host.registry.regions()).toHaveLength(1);
    guest.vm.destroy();
    await guest.vm.close();
    expect([host.registry.regions(), host.memory.available]).toEqual([[], pool]);
  });
});

it('copies into a region as fast as into RAM', async () => {
  const host = services();
  const copy = (to: string): string => `
    ldr x0, =${DATA}
    ${to}
    mov x2, #${MIB}
    2: ldp x3, x4, [x0], #16
    stp x3, x4, [x1], #16
    subs x2, x2, #16
    b.ne 2b\n`;
  const measure = async (to: string): Promise<number> => {
    const source = `mov x9, #${COPIES}\n 1: ${copy(to)} subs x9, x9, #1\n b.ne 1b\n`;
    const guest = await SmallGuest.boot({ name: 'a', source, options: fixed('server') }, host);
    const start = performance.now();
    await runAll([guest], 100_000);
    const time = performance.now() - start;
    expect(guest.exit?.exitCode).toBe(0);
    await guest.vm.close();
    return time;
  };
  let ram = Infinity;
  let shared = Infinity;
  for (let round = 0; round < 3; round++) {
    ram = Math.min(ram, await measure(`ldr x1, =${DATA + 2 * MIB}`));
    shared = Math.min(shared, await measure('mov x1, x19'));
  }
  console.info(`${COPIES} MiB to RAM ${ram.toFixed(0)} ms, to a shared region ${shared.toFixed(0)} ms`);
  // Far below the time of a trap for each access, on a noisy machine, too.
  expect(shared / ram).toBeLessThan(4);
});
