import { virt } from '@qvm/boards';
import { aarch64, gic } from '@qvm/arch-aarch64';
import { assemble } from '@qvm/asm-aarch64';
import { Vm } from '@qvm/core/host';
import { HOST_DEVICE_REGISTRY, MEMORY_SOURCE, MemoryPool } from '@qvm/core/services';
import type { Token, VmExit } from '@qvm/core';
import type { MmioHandler } from '@qvm/core/vdev';
import fc from 'fast-check';
import { passthrough } from '../passthrough/passthrough.js';
import { LocalHostDevices } from '../registry/local-host-devices.js';
import { copyEngine } from './copy-engine.js';
import { MOST_COPY_BYTES } from './registers.js';

const RAM = 0x4000_0000;
const RAM_BYTES = 4 << 20;
const ENGINE = 0xff00_0000;
const INTERRUPT = 32;
const GICD = 0x0800_0000;
const GICR = 0x080a_0000;
const LOG = 0x100;
const Register = { id: 0, control: 4, status: 8, length: 0xc, source: 0x10, destination: 0x18 } as const;

const architecture = await aarch64.load();

function createVm(name: string, devices: LocalHostDevices, pool: MemoryPool, paddr = ENGINE): Vm {
  const tokens = new Map<symbol, unknown>([
    [HOST_DEVICE_REGISTRY.key, devices],
    [MEMORY_SOURCE.key, pool],
  ]);
  const options = { paddr, size: 0x1000, irq: INTERRUPT };
  return new Vm({
    name,
    architecture,
    board: { ...virt, implicitVdevs: [] },
    vcpus: 1,
    ram: [{ size: RAM_BYTES }],
    vdevs: [
      { factory: gic, options: {} },
      { factory: passthrough, options },
    ],
    clock: { kind: 'icount' },
    service: <T>(token: Token<T>) => tokens.get(token.key) as T | undefined,
  });
}

/** Boots a program and runs it to its end; returns its log. */
async function run(
  vm: Vm,
  source: string,
): Promise<{ readonly log: readonly number[]; readonly exit: VmExit | undefined }> {
  const log: number[] = [];
  vm.machine.vcpus[0]?.hooks.hypercall.tap({ name: 'log', stage: -1000 }, ({ immediate, vcpu }) => {
    if (immediate < LOG || immediate > LOG + 30) return undefined;
    log.push(Number(vcpu.registers()[`x${immediate - LOG}`]));
    return [];
  });
  const text = `${source}\n movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n b .\n .ltorg\n`;
  await vm.boot({ image: { name: 'test', bytes: assemble(text, { origin: RAM }).bytes } });
  for (let steps = 0; steps < 1000; steps++) {
    const result = vm.step(10_000);
    if (result.kind === 'ended') return { log, exit: result.exit };
  }
  return { log, exit: undefined };
}

const log = (register: number): string => `hvc #${LOG + register}\n`;
const copy = (source: number, destination: number, length: number): string => `
  ldr x1, =${source}
  str x1, [x20, #${Register.source}]
  ldr x1, =${destination}
  str x1, [x20, #${Register.destination}]
  ldr w1, =${length}
  str w1, [x20, #${Register.length}]
  mov w1, #3
  str w1, [x20, #${Register.control}]
  1: wfi
  mrs x9, icc_iar1_el1
  cmp x9, #${INTERRUPT}
  b.ne 1b
  ldr w2, [x20, #${Register.status}]
  ${log(2)}
  str w2, [x20, #${Register.status}]
  msr icc_eoir1_el1, x9\n`;
const START = `
  ldr x0, =${GICR}
  str wzr, [x0, #0x14]
  ldr x0, =${GICD}
  mov w1, #0x12
  str w1, [x0]
  mov w1, #-1
  str w1, [x0, #0x84]
  mov w1, #1
  str w1, [x0, #0x104]
  mov x1, #1
  msr icc_sre_el1, x1
  msr icc_igrpen1_el1, x1
  mov x1, #0xff
  msr icc_pmr_el1, x1
  isb
  ldr x20, =${ENGINE}\n`;

it('copies for its guest, and interrupts when it is done or cannot', async () => {
  const pool = new MemoryPool();
  const devices = new LocalHostDevices([copyEngine]);
  const vm = createVm('a', devices, pool);
  const [from, to] = [RAM + 0x10_0000, RAM + 0x20_0000];
  const bytes = Uint8Array.from({ length: 5000 }, (_, n) => n * 7);
  vm.guestMemory.write(from, bytes);
  const program = `${START}
    ldr w1, [x20]
    ${log(1)}
    ${copy(from, to, 5000)}
    ${copy(from, RAM + RAM_BYTES - 4, 8)}
    ${copy(0, to, 8)}
    ${copy(from, to, MOST_COPY_BYTES + 1)}
    ldr w3, [x20, #${Register.status}]
    ${log(3)}`;
  const { log: logged, exit } = await run(vm, program);
  expect([logged, exit?.exitCode]).toEqual([[0x5950_4351, 1, 3, 3, 3, 0], 0]);
  expect(vm.guestMemory.read(to, 5000)).toEqual(bytes);
  await vm.close();
  expect([devices.devices()[0]?.owner, pool.available]).toEqual([undefined, new MemoryPool().available]);
});

it('belongs to one VM: another one cannot be made with it', () => {
  const pool = new MemoryPool();
  const devices = new LocalHostDevices([copyEngine]);
  const before = pool.available;
  const first = createVm('a', devices, pool);
  const taken = pool.available;
  expect(() => createVm('b', devices, pool)).toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ code: 'host-device.taken' }) as Error }),
  );
  expect(taken).toBeLessThan(before);
  expect(pool.available).toBe(taken);
  expect(first.state).toBe('created');
});

it('reaches no neighbour in the pool at any address', async () => {
  const pool = new MemoryPool();
  const other = { ...copyEngine, name: 'other', paddr: 0xfe00_0000 };
  const devices = new LocalHostDevices([copyEngine, other]);
  const all = pool.available;
  const neighbour = createVm('n', devices, pool, other.paddr);
  expect(pool.available).toBeLessThan(all - RAM_BYTES);
  const secret = new Uint8Array(RAM_BYTES).fill(0xa5);
  neighbour.guestMemory.write(RAM, secret);
  const vm = createVm('a', devices, pool);
  await vm.boot({ image: { name: 'test', bytes: assemble('1: wfi\n b 1b\n', { origin: RAM }).bytes } });
  const region = vm.map.find(ENGINE);
  const handler = (region?.kind === 'mmio' ? region.handler : undefined) as MmioHandler;
  const address = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.maxSafeNat().map((n) => n % 2 ** 48),
    fc.integer({ min: RAM - 64, max: RAM + 2 * RAM_BYTES }),
  );
  const status = (): number => handler.read(Register.status, 4);
  const attempt = (source: number, destination: number, length: number): number => {
    for (const [at, value] of [
      [Register.source, source],
      [Register.destination, destination],
    ] as const) {
      handler.write(at, 4, value % 2 ** 32);
      handler.write(at + 4, 4, Math.floor(value / 2 ** 32));
    }
    handler.write(Register.length, 4, length);
    handler.write(Register.control, 4, 1);
    vm.step(1000);
    const result = status();
    handler.write(Register.status, 4, result);
    return result;
  };
  fc.assert(
    fc.property(address, address, fc.integer({ min: 1, max: 256 }), (source, destination, length) => {
      const inside = [source, destination].every((at) => at >= RAM && at + length <= RAM + RAM_BYTES);
      expect(attempt(source, destination, length)).toBe(inside ? 1 : 3);
    }),
    { numRuns: 500 },
  );
  expect(neighbour.guestMemory.read(RAM, RAM_BYTES).every((byte) => byte === 0xa5)).toBe(true);
  expect(vm.guestMemory.read(RAM, RAM_BYTES).includes(0xa5)).toBe(false);
});
