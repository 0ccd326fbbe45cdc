import { allVdevOptions } from '@qvm/core/vdev';
import type { GivenOptions } from '@qvm/testing';
import { virt } from '@qvm/boards';
import { aarch64, gic, timer } from '@qvm/arch-aarch64';
import { assemble } from '@qvm/asm-aarch64';
import { Vm } from '@qvm/core/host';
import { MEMORY_SOURCE, SHARED_MEMORY } from '@qvm/core/services';
import type { Token, VmExit } from '@qvm/core';
import type { Engine } from '@qvm/core/architecture';
import type { MemorySource, SharedMemoryRegistry } from '@qvm/core/services';
import { parseOptions } from '@qvm/testing';
import { shmem } from '../shmem/shmem.js';

/** Address of RAM and of the program; the program's data are one MiB above. */
export const CODE = 0x4000_0000;
export const DATA = 0x4010_0000;
export const RAM_BYTES = 8 << 20;
/** Addresses of the first `shmem` of a VM. */
export const REGISTERS = 0x0b00_0000;
export const INTERRUPT = 160;
/** Address of the region in the tests. */
export const SHARED = 0x7000_0000;

const LOG = 0x100;
const GICD = 0x0800_0000;
const GICR = 0x080a_0000;

/** Services of the host for a guest. */
export interface Services {
  readonly memory: MemorySource;
  readonly registry: SharedMemoryRegistry;
}

/** A guest and its program. */
export interface GuestSetup {
  readonly name: string;
  readonly source: string;
  readonly options: GivenOptions;
  readonly engine?: Engine;
  /** Code of the vector for synchronous exceptions. Default: the guest stops. */
  readonly onException?: string;
}

/** Logs a register. */
export const log = (register: number): string => `hvc #${LOG + register}\n`;
export const POWER_OFF = 'movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n b .\n';
/** Waits for the doorbell and leaves its status in W10. X20: control page. Interrupts stay masked: the code polls. */
export const AWAIT_DOORBELL = `
  1: wfi
  mrs x9, icc_iar1_el1
  cmp x9, #${INTERRUPT}
  b.ne 1b
  ldr w10, [x20]
  msr icc_eoir1_el1, x9\n`;
/** Sets up the GIC for the doorbell; X20: control page, X19: the region. */
export const START = `
  ldr x20, =${REGISTERS}
  ldr x19, =${SHARED}
  ldr x0, =${GICR}
  str wzr, [x0, #0x14]
  ldr x0, =${GICD}
  mov w1, #0x12
  str w1, [x0]
  mov w1, #-1
  str w1, [x0, #${0x80 + INTERRUPT / 8}]
  mov w1, #1
  str w1, [x0, #${0x100 + INTERRUPT / 8}]
  mov x1, #1
  msr icc_sre_el1, x1
  msr icc_igrpen1_el1, x1
  mov x1, #0xff
  msr icc_pmr_el1, x1
  isb\n`;

const architecture = await aarch64.load();

/** A bare-metal guest with a `shmem`, which logs by hypercalls. */
export class SmallGuest {
  readonly vm: Vm;
  readonly log: bigint[] = [];
  exit: VmExit | undefined;

  private constructor(setup: GuestSetup, services: Services) {
    const parsed = parseOptions(allVdevOptions(shmem), setup.options);
    const tokens = new Map<symbol, unknown>([
      [MEMORY_SOURCE.key, services.memory],
      [SHARED_MEMORY.key, services.registry],
    ]);
    this.vm = new Vm({
      name: setup.name,
      architecture,
      board: { ...virt, implicitVdevs: [] },
      vcpus: 1,
      ram: [{ size: RAM_BYTES }],
      vdevs: [...[gic, timer].map((factory) => ({ factory, options: {} })), { factory: shmem, options: parsed }],
      engine: setup.engine ?? 'wasm',
      onReset: 'restart',
      // Guests of tests may reset any number of times.
      resetLimit: 0,
      service: <T>(token: Token<T>) => tokens.get(token.key) as T | undefined,
    });
    for (const vcpu of this.vm.machine.vcpus) {
      vcpu.hooks.hypercall.tap({ name: 'log', stage: -1000 }, ({ immediate }) => {
        if (immediate < LOG || immediate >= LOG + 31) return undefined;
        this.log.push(vcpu.registers()[`x${immediate - LOG}`] ?? -1n);
        return [];
      });
    }
  }

  /** Builds a guest, ready to run. */
  static async boot(setup: GuestSetup, services: Services): Promise<SmallGuest> {
    const guest = new SmallGuest(setup, services);
    const vectors = `.balign 2048\nvectors:\n.space 0x200\n${setup.onException ?? 'b .'}\n.balign 2048\n`;
    const text = `adr x0, vectors\n msr vbar_el1, x0\n b main\n${vectors}main:\n${START}${setup.source}\n${POWER_OFF}\n.ltorg\n`;
    await guest.vm.boot({ image: { name: setup.name, bytes: assemble(text, { origin: CODE }).bytes } });
    return guest;
  }

  /** Runs for about `instructions` instructions. */
  async step(instructions: number): Promise<void> {
    if (this.exit !== undefined) return;
    const result = this.vm.step(instructions);
    if (result.kind === 'reset') await this.vm.restart();
    if (result.kind === 'ended') this.exit = result.exit;
  }

  get numbers(): readonly number[] {
    return this.log.map(Number);
  }
}

/** Runs guests in turn until all have ended, for at most `turns` turns. */
export async function runAll(guests: readonly SmallGuest[], turns = 2000): Promise<void> {
  for (let turn = 0; turn < turns && guests.some(({ exit }) => exit === undefined); turn++) {
    for (const guest of guests) await guest.step(20_000);
  }
}
