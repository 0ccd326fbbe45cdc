import type { Json } from '@qvm/core';
import type { VcpuExit, VmMemory } from '@qvm/core/architecture';
import type { CodeBuffer, Ty } from '@qvm/jit';
import { EngineState, IntOp, Op, PAGE_BITS, recordPlanOf, Walked, Builder } from '@qvm/jit';
import {
  TOY_GEOMETRY,
  TOY_LEAVE,
  TOY_REGISTERS,
  TOY_REGISTER_COUNT,
  ToyDecoder,
  toyFlags,
  toyRows,
} from '@qvm/jit/toy';
import type { ToyEnd } from '@qvm/jit/toy';
import type { InstructionSet } from '../instruction-set.js';
import type { AccessWatch } from '../memory/access-watch.js';
import type { Access, AddressTranslation, EngineFaults } from '../memory/address-translation.js';
import type { AccessFault } from '../memory/memory-port.js';
import { SoftTlb } from '../memory/soft-tlb.js';
import { CpuState } from '../vcpu/cpu-state.js';
import { Before, EngineVcpu } from '../vcpu/engine-vcpu.js';
import type { VmEngine } from '../vcpu/vm-engine.js';

/** Pages of the toy's virtual address space. */
export const VIRTUAL_PAGES = 16;
const REGISTERS_END = EngineState.end + TOY_REGISTER_COUNT * 4;
const State = {
  /** u32: address of the page table. */
  table: REGISTERS_END,
  end: REGISTERS_END + 8,
} as const;
const BANKS = 3;
/** A page-table entry has the bits of the same meaning as the result of a walk. */
export const Page = { read: Walked.readable, write: Walked.writable, execute: Walked.executable } as const;
const BIT = { read: Page.read, write: Page.write, execute: Page.execute };
const FAULTS: EngineFaults = { alignment: 1, external: 2, watchpoint: 3 };
const NOT_MAPPED = 4;

/** The bytes of code of mode 1 are those of mode 0 with these bits inverted. */
export const FLIP = 0xa5;

/** The page table is an array of u32: address of the physical page, and the bits of {@link Page}. */
function walk(code: CodeBuffer): { locals: readonly Ty[]; code: Uint8Array } {
  const [cpu, va] = [0, 1];
  code
    .get(va)
    .i64(VIRTUAL_PAGES << PAGE_BITS)
    .op(IntOp.geu[1])
    .if();
  code.i64(-1).op(Op.return).end();
  code.get(cpu).memory(Op.i32_load, State.table);
  code.get(va).i64(PAGE_BITS).op(IntOp.shr[1]).op(Op.i32_wrap_i64).i32(2).op(IntOp.shl[0]).op(IntOp.add[0]);
  return { locals: [], code: code.memory(Op.i32_load, 0).op(Op.i64_extend_i32_u).toBytes() };
}

const toySet = (mode: number): InstructionSet<Builder> => ({
  rows: toyRows,
  geometry: TOY_GEOMETRY,
  flags: toyFlags,
  helpers: [],
  builder: Builder,
  mode,
  walk,
  version: 'toy',
  makeDecoder: () => new ToyDecoder(mode === 0 ? 0 : FLIP),
  instantiateHelpers: () => ({}),
});

/** The toy's modes. */
export const toySets = [toySet(0), toySet(1)];

class ToyState extends CpuState {
  static allocate(memory: VmMemory): ToyState {
    return new ToyState(memory, CpuState.place(memory, State.end), recordPlanOf(TOY_GEOMETRY));
  }
}

/** Bytes of VM memory of a vCPU. */
export const TOY_VCPU_BYTES = CpuState.bytesFor(State.end) + SoftTlb.bytesFor(BANKS) + VIRTUAL_PAGES * 4 + 256;

class ToyMmu implements AddressTranslation {
  readonly privileged = true;
  readonly local = false;
  readonly device = false;
  readonly blockBits = PAGE_BITS;
  physical = 0;
  readable = false;
  fault = NOT_MAPPED;

  constructor(private readonly table: Uint32Array) {}

  translate(lo: number, hi: number, access: Access): boolean {
    const entry = hi === 0 ? (this.table[lo >>> PAGE_BITS] ?? 0) : 0;
    this.readable = (entry & Page.read) !== 0;
    this.physical = (entry & -(1 << PAGE_BITS)) + (lo & ((1 << PAGE_BITS) - 1));
    return (entry & BIT[access]) !== 0;
  }

  branchTarget(target: bigint): bigint {
    return target;
  }
}

const noWatch: AccessWatch = { armed: false, coversPage: () => false, stop: () => false };

/** A vCPU that stops at everything that a toy program cannot do itself. */
export class ToyVcpu extends EngineVcpu<ToyState> {
  /** The page table. */
  readonly table: Uint32Array;
  /** Why the last run stopped. */
  end: ToyEnd = 'budget';
  /** Address that could not be fetched or accessed. */
  refused = 0;
  /** Called for LEAVE, in place of a stop. */
  onLeave: (() => void) | undefined;
  /** Whether instructions are executed one by one. */
  single = false;
  readonly #tableAt: number;

  constructor(index: number, engine: VmEngine) {
    const { memory } = engine.services;
    const state = ToyState.allocate(memory);
    const table = memory.allocate(VIRTUAL_PAGES * 4, 64);
    const view = memory.u32.subarray(table >>> 2, (table >>> 2) + VIRTUAL_PAGES);
    super(index, engine, {
      state,
      tlb: new SoftTlb(memory, BANKS),
      mmu: new ToyMmu(view),
      watch: noWatch,
      faults: FAULTS,
      hookKinds: { trap: {}, guestExit: { budget: '', mmio: '', leave: '' }, interruptTaken: {} },
      deviceSyndrome: () => 0,
    });
    this.table = view;
    this.#tableAt = table;
    engine.ram.attach(state);
    this.reset();
  }

  override reset(): void {
    this.resetEngine();
    this.state.setU32(State.table, this.#tableAt);
    this.enter(0);
  }

  /** Changes to a mode, and to its TLB bank. */
  enter(mode: number): void {
    this.setMode(mode);
    const bank = this.tlb.bank(mode, 0);
    this.state.setU32(EngineState.bank, bank);
    this.state.setU32(EngineState.unprivilegedBank, bank);
  }

  override registers(): Readonly<Record<string, bigint>> {
    return Object.fromEntries(this.values.map((value, n) => [`r${n}`, BigInt(value)]));
  }

  override setRegister(name: string, value: bigint): void {
    this.state.setU32(TOY_REGISTERS.writeOffset(Number(name.slice(1))), Number(value));
  }

  /** The registers as numbers. */
  get values(): number[] {
    return Array.from({ length: TOY_REGISTER_COUNT }, (_, n) => this.state.u32(TOY_REGISTERS.readOffset(n)));
  }

  /** Sets the flags to those of a result that is 0. */
  clearFlags(): void {
    this.state.setU32(EngineState.flagKind, 1);
    this.state.setU64(EngineState.flagX, 2n);
  }

  /** Runs from an address; returns the number of instructions retired. */
  start(budget: number, pc: number): number {
    this.control.turnOn();
    this.end = 'budget';
    const before = this.instructions;
    this.fetch.jump(BigInt(pc));
    this.run(budget);
    return this.instructions - before;
  }

  protected override before(): Before {
    const { fault } = this.fetch;
    if (fault) {
      this.#stop('outside', fault.lo);
      return Before.Taken;
    }
    return this.single ? Before.OneInstruction : Before.Nothing;
  }

  protected override afterOne(): void {
    // Nothing depends on it.
  }

  protected override exit(reason: number): VcpuExit | undefined {
    if (reason !== (TOY_LEAVE as number)) throw new Error(`generated code left for ${reason}`);
    if (this.onLeave) this.onLeave();
    else this.#stop('leave', 0);
    return undefined;
  }

  protected override takeAccessFault({ lo }: Readonly<AccessFault>): void {
    this.#stop('fault', lo);
  }

  protected override takeUnimplemented(): void {
    this.#stop('undefined', 0);
  }

  #stop(end: ToyEnd, refused: number): void {
    this.end = end;
    this.refused = refused;
    this.control.stop();
  }

  protected override readonly snapshotVersion = 1;

  protected override saveProcessor(): Json {
    return null;
  }

  protected override parseProcessor(): () => void {
    return () => undefined;
  }
}
