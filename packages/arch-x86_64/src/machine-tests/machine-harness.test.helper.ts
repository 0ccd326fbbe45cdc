import { GuestPhysicalMap, IoPortMap, RamGuestMemory, VmMemory } from '@qvm/core/architecture';
import type { Engine, MachineServices, VcpuExit, VmRequest } from '@qvm/core/architecture';
import { createVmHooks, InstructionClock } from '@qvm/core/host';
import { CodeCache } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { SegmentRegister, State } from '@qvm/isa-x86_64';
import { X86Machine } from '../machine.js';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from '../state/attributes.js';
import { Cr0, Cr4, Efer } from '../state/control-bits.js';
import type { X86State } from '../state/x86-state.js';
import { defaultModel } from '../system/cpu-model.js';
import type { X86Model } from '../system/cpu-model.js';
import type { X86Vcpu } from '../vcpu/x86-vcpu.js';

export const RAM_BYTES = 8 << 20;
/** Physical addresses of the tables and of the program; paging maps all RAM to itself, at CPL 3 too. */
export const [PML4, PDPT, PAGES, GDT, IDT, TSS, HANDLERS] = [0x1000, 0x2000, 0x3000, 0x5000, 0x6000, 0x7000, 0x8000];
export const CODE = 0x1_0000;
/** Tops of the stacks: of the program, of interrupts from ring 3, and of the interrupt stack table. */
export const [STACK, RING0_STACK, IST1_STACK] = [0x2_0000, 0x3_0000, 0x4_0000];
/** Selectors of the flat segments. */
export const Selector = {
  code: 0x08,
  data: 0x10,
  userCode32: 0x1b,
  userData: 0x23,
  userCode: 0x2b,
  task: 0x30,
} as const;
/** Port whose writes are logged. */
export const LOG_PORT = 0xe9;
const PAGE = 0x87n;
const HUGE = 0x20_0000n;

/** A descriptor of a segment. */
export const descriptor = (attributes: number, base = 0, limit = 0xf_ffff): bigint =>
  BigInt(limit & 0xffff) |
  (BigInt(base & 0xff_ffff) << 16n) |
  (BigInt(attributes & 0xff) << 40n) |
  (BigInt(limit >>> 16) << 48n) |
  (BigInt(attributes & 0xf000) << 40n) |
  (BigInt(base >>> 24) << 56n);

const FLAT = Attribute.Granularity;
const USER = 3 << 5;
const SEGMENTS = [
  0n,
  descriptor(CODE_ATTRIBUTES | FLAT | Attribute.L),
  descriptor(DATA_ATTRIBUTES | FLAT | Attribute.DB),
  descriptor(CODE_ATTRIBUTES | FLAT | Attribute.DB | USER),
  descriptor(DATA_ATTRIBUTES | FLAT | Attribute.DB | USER),
  descriptor(CODE_ATTRIBUTES | FLAT | Attribute.L | USER),
  descriptor(Attribute.Present | SystemType.Tss, TSS, 0x67),
  0n,
];

/** Bytes of hexadecimal text. */
export const hex = (text: string): number[] =>
  text.match(/[0-9a-f]{2}/g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];

/** Translates whatever runs twice. */
const EAGER: RegionTuning = {
  hot: 1,
  hotter: 2,
  batch: 1,
  patience: 1,
  interval: 1500,
  rest: 1,
  modules: 8192,
  background: false,
};

/** Optional parts of a harness. */
export interface HarnessOptions {
  readonly model?: X86Model;
  /** Bytes of VM memory beyond the machine's. */
  readonly more?: number;
  readonly tuning?: RegionTuning;
  /** Capacity of the code cache in pages. */
  readonly codePages?: number;
}

/** A machine with RAM and a port for a log, without a board: its vCPUs run as a test says. */
export class MachineHarness {
  readonly services: MachineServices;
  readonly machine: X86Machine;
  readonly clock = new InstructionClock();
  readonly memory: VmMemory;
  readonly requests: VmRequest[] = [];
  /** Services that the machine offers, by the keys of their tokens. */
  readonly provided = new Map<symbol, unknown>();
  readonly messages: string[] = [];
  /** Values that were written to {@link LOG_PORT}. */
  readonly log: number[] = [];
  readonly ram: { readonly offset: number };

  constructor(vcpus = 1, engine: Engine = 'interp', options: HarnessOptions = {}) {
    const { model = defaultModel, more = 0, tuning = EAGER, codePages = 64 } = options;
    const codeBytes = CodeCache.bytesFor(codePages);
    const engineBytes = X86Machine.engineBytes(vcpus, RAM_BYTES, codeBytes);
    this.memory = new VmMemory(RAM_BYTES + engineBytes + 0x10_0000 + more);
    const map = new GuestPhysicalMap(this.memory);
    this.ram = map.addRam('ram', 'ram', 0, RAM_BYTES);
    const ports = new IoPortMap();
    ports.add('log', LOG_PORT, 4, {
      read: (offset) => 0x40 + offset,
      write: (_, __, value) => void this.log.push(value),
    });
    const hooks = createVmHooks('test');
    this.services = {
      name: 'test',
      vcpus,
      engine,
      board: undefined as unknown as MachineServices['board'],
      unsupported: { instruction: 'fail', reference: 'fail', register: 'fail' },
      memory: this.memory,
      map,
      ports,
      guestMemory: new RamGuestMemory(map, this.memory),
      clock: this.clock,
      wiring: {} as MachineServices['wiring'],
      hooks,
      logger: { log: (_level: string, text: string) => void this.messages.push(text) } as MachineServices['logger'],
      request: (request) => void this.requests.push(request),
      provide: (token, value) => void this.provided.set(token.key, value),
    };
    this.machine = new X86Machine(this.services, { model, codeBytes, tuning, boot: async () => () => undefined });
    this.clock.observe(() => this.vcpu.instructions);
    this.#writeTables();
  }

  get vcpu(): X86Vcpu {
    return this.machine.vcpus[0] as X86Vcpu;
  }

  get state(): X86State {
    return this.vcpu.state;
  }

  write(address: number, bytes: ArrayLike<number>): void {
    this.memory.u8.set(bytes, this.ram.offset + address);
    this.machine.invalidateCode(address, bytes.length);
  }

  write64(address: number, value: bigint): void {
    this.memory.data.setBigUint64(this.ram.offset + address, value, true);
  }

  read64(address: number): bigint {
    return this.memory.data.getBigUint64(this.ram.offset + address, true);
  }

  /** Installs a handler of a vector in ring 0, at {@link HANDLERS} + 64 × vector. */
  handler(vector: number, code: readonly number[], options: { ist?: number; dpl?: number; trap?: boolean } = {}): void {
    const at = HANDLERS + vector * 64;
    const attributes =
      Attribute.Present | ((options.dpl ?? 0) << 5) | (options.trap ? SystemType.TrapGate : SystemType.InterruptGate);
    const low =
      BigInt(at & 0xffff) |
      (BigInt(Selector.code) << 16n) |
      (BigInt(options.ist ?? 0) << 32n) |
      (BigInt(attributes) << 40n) |
      (BigInt(at >>> 16) << 48n);
    this.write64(IDT + vector * 16, low);
    this.write64(IDT + vector * 16 + 8, 0n);
    this.write(at, code);
  }

  /** Sets the vCPU to 64-bit code at {@link CODE} with paging. */
  enterLongMode(code: readonly number[], cpl: 0 | 3 = 0): void {
    const { state, vcpu } = this;
    this.write(CODE, code);
    state.setU64(State.cr0, BigInt((Cr0.PE | Cr0.PG | Cr0.WP | Cr0.NE | Cr0.ET) >>> 0));
    state.setU64(State.cr3, BigInt(PML4));
    state.setU64(State.cr4, BigInt(Cr4.PAE | Cr4.PGE | Cr4.OSFXSR));
    state.setU64(State.efer, BigInt(Efer.LME | Efer.LMA | Efer.SCE | Efer.NXE));
    const user = cpl === 3 ? USER : 0;
    const codeAttributes = CODE_ATTRIBUTES | FLAT | Attribute.L | user;
    state.setSegment(SegmentRegister.CS, cpl ? Selector.userCode : Selector.code, 0, 0xffff_ffff, codeAttributes);
    const dataAttributes = DATA_ATTRIBUTES | FLAT | Attribute.DB | user;
    state.setSegment(SegmentRegister.SS, cpl ? Selector.userData : Selector.data, 0, 0xffff_ffff, dataAttributes);
    state.setSegment(SegmentRegister.TR, Selector.task, TSS, 0x67, Attribute.Present | SystemType.BusyTss);
    state.setU64(State.gdtr, BigInt(GDT));
    state.setU32(State.gdtr + 8, SEGMENTS.length * 8 - 1);
    state.setU64(State.idtr, BigInt(IDT));
    state.setU32(State.idtr + 8, 0xfff);
    state.cpl = cpl;
    state.setGpr(4, BigInt(STACK));
    vcpu.stateChanged();
    vcpu.start();
    vcpu.processor.core.jump(CODE);
  }

  /** Runs until the vCPU halts or stops; at most `budget` instructions. */
  run(budget = 10_000): VcpuExit {
    return this.vcpu.run(budget);
  }

  #writeTables(): void {
    this.write64(PML4, BigInt(PDPT) | PAGE);
    this.write64(PML4 + 511 * 8, BigInt(PDPT) | PAGE);
    for (let n = 0; n < 4; n++) this.write64(PDPT + n * 8, BigInt(PAGES) | 7n);
    this.write64(PDPT + 511 * 8, BigInt(PAGES) | 7n);
    this.write64(PML4, BigInt(PDPT) | 7n);
    this.write64(PML4 + 511 * 8, BigInt(PDPT) | 7n);
    for (let n = 0n; n < BigInt(RAM_BYTES) / HUGE; n++) this.write64(PAGES + Number(n) * 8, (n * HUGE) | PAGE);
    SEGMENTS.forEach((value, n) => this.write64(GDT + n * 8, value));
    this.write64(TSS + 4, BigInt(RING0_STACK));
    this.write64(TSS + 0x24, BigInt(IST1_STACK));
    // There is no I/O permission bit map.
    this.write(TSS + 0x66, [0x68, 0]);
  }
}
