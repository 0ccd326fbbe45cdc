import { QvmError, VmExitCode } from '@qvm/core';
import type { Json } from '@qvm/core';
import { createVcpuHooks, GuestExits, INSPECT, vcpuSummary, VcpuExit, type Vcpu } from '@qvm/core/architecture';
import type { MachineServices, UnsupportedKind, VcpuSnapshot } from '@qvm/core/architecture';
import type { VcpuHooks } from '@qvm/core/hooks';
import { requireObject, requireVersion } from '@qvm/core/vdev';
import { EngineState, ExitReason } from '@qvm/jit';
import type { CodeCache, CodeCacheClient } from '../code/code-cache.js';
import { noRegionTotals, RegionSampler } from '../code/region-sampler.js';
import type { RegionTotals } from '../code/region-sampler.js';
import { DeviceAccess } from '../memory/device-access.js';
import { MemoryPort } from '../memory/memory-port.js';
import type { AccessFault } from '../memory/memory-port.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from './cpu-state.js';
import { FaultLog } from './fault-log.js';
import { FaultLoop } from './fault-loop.js';
import { FetchUnit } from './fetch-unit.js';
import { InstructionCount } from './instruction-count.js';
import { RunControl } from './run-control.js';
import type { RunFunction } from './run-function.js';
import { parseRunState, saveRunState } from './run-state.js';
import { TrapHooks } from './trap-hooks.js';
import type { VcpuParts } from './vcpu-parts.js';
import type { VmEngine } from './vm-engine.js';

/** Result of {@link EngineVcpu.before}. @experimental */
export enum Before {
  /** Nothing is pending: guest code runs. */
  Nothing,
  /** One instruction is executed, then `before` is called again: single step, breakpoints. */
  OneInstruction,
  /** An exception was taken: `before` is called again. */
  Taken,
}

/** Runs guest code of one mode until an exit; returns the reason. */
interface Execution {
  /** As far as possible in regions. */
  run(left: number): number;
  /** One by one. */
  readonly interpret: RunFunction;
  /** Whether a region of an earlier run begins now at the present instruction, which has no record. */
  begin(): boolean;
}

/**
 * A vCPU that runs translated code. This class contains the run loop and handles the exits that are the engine's own.
 * An architecture adds its registers, its pending exceptions and interrupts, and its own exits. Members for the
 * architecture only are marked as such.
 *
 * @experimental
 */
export abstract class EngineVcpu<S extends CpuState = CpuState> implements Vcpu, CodeCacheClient {
  readonly hooks: VcpuHooks;
  readonly exits: GuestExits;
  /** Registers and the engine's fields, in the memory of the VM. */
  readonly state: S;
  /** The software TLB of this vCPU. */
  readonly tlb: SoftTlb;
  /** The program counter, for the architecture. */
  readonly fetch: FetchUnit;
  /** The slow path of memory accesses, for the architecture. */
  readonly memory: MemoryPort;
  /** Power, waiting, and the end of a run, for the architecture. */
  readonly control: RunControl;
  /** The hooks for traps and faults, for the architecture. */
  readonly traps: TrapHooks;
  /** The exceptions that the guest took. */
  readonly faults: FaultLog;
  /** Whether the instruction that had to be executed alone is complete, by generated code or by its replacement. */
  stepDone = false;
  /** Called for each instruction without a row. The machine reports each encoding once. */
  onUnimplemented: (text: string) => void = () => undefined;
  /** Called repeatedly while the vCPU does nothing but take exceptions. */
  onEndlessFaults: () => void = () => undefined;
  readonly #services: MachineServices;
  readonly #code: CodeCache;
  readonly #count: InstructionCount;
  readonly #regionTotals = noRegionTotals();
  /** How guest code runs, by mode; absent for modes that the vCPU has not been in. */
  readonly #executions: (Execution | undefined)[] = [];
  /** The present mode's; undefined before its first instruction. */
  #execution: Execution | undefined;
  #mode = 0;

  protected constructor(
    /** Index of the vCPU in its VM, from 0. */
    readonly index: number,
    private readonly engine: VmEngine,
    { state, tlb, mmu, watch, faults, hookKinds, deviceSyndrome }: VcpuParts<S>,
  ) {
    const { services, code } = engine;
    const { memory, map } = services;
    this.#services = services;
    this.#code = code;
    this.hooks = createVcpuHooks(index, hookKinds);
    this.exits = new GuestExits(this, services.clock, hookKinds.guestExit);
    this.control = new RunControl(this.exits);
    this.traps = new TrapHooks(this);
    this.state = state;
    this.#count = new InstructionCount(state);
    this.faults = new FaultLog(this.#count, (inARow) => this.#faultsEndlessly(inARow));
    this.tlb = tlb;
    this.fetch = new FetchUnit(state, tlb, code, map, mmu, faults);
    const devices = new DeviceAccess(this, services, this.exits, deviceSyndrome);
    this.memory = new MemoryPort(memory, map, state, mmu, tlb, code, devices, watch, faults);
    code.addClient(this);
  }

  /** The text of this vCPU in `console.log`, for example of an event. */
  [INSPECT](): string {
    return vcpuSummary(this);
  }

  // --- implemented by an architecture ---

  abstract registers(): Readonly<Record<string, bigint>>;
  abstract setRegister(name: string, value: bigint): void;
  /**
   * Takes pending interrupts, exceptions that precede the next instruction, and the fault in {@link EngineVcpu.fetch}.
   */
  protected abstract before(): Before;
  /**
   * Called after an instruction that had to be executed alone.
   *
   * @param done - whether it is complete; otherwise it took an exception or will be tried again.
   */
  protected abstract afterOne(done: boolean): void;
  /** Handles an exit of the architecture; `info` is the operand of `Builder.leave`. */
  protected abstract exit(reason: number, info: number): VcpuExit | undefined;
  /** Handles a fault of a memory access by the present instruction. */
  protected abstract takeAccessFault(fault: Readonly<AccessFault>): void;
  /** Handles a present instruction without a row. */
  protected abstract takeUnimplemented(): void;
  /** Answers `Builder.callEngine`. Default: rows of the architecture do not call it. */
  protected answer(request: number): number {
    throw new Error(`generated code has made an unknown request ${request}`);
  }
  /** Sets the power-on state. RAM is not changed. */
  abstract reset(): void;
  /** Version of the format of {@link EngineVcpu.saveProcessor}. */
  protected abstract readonly snapshotVersion: number;
  /** The architecture's part of a saved state: registers by name, without derived state. */
  protected abstract saveProcessor(): Json;
  /**
   * Checks the result of {@link EngineVcpu.saveProcessor}.
   *
   * @returns a function that restores it, in a vCPU that was just reset.
   * @throws VdevStateError
   */
  protected abstract parseProcessor(saved: unknown): () => void;

  // --- Vcpu ---

  get instructions(): number {
    return this.#count.total;
  }

  get on(): boolean {
    return this.control.on;
  }

  hasWork(): boolean {
    return this.control.runnable;
  }

  get pc(): bigint {
    return this.fetch.pc;
  }

  get ip(): number {
    return this.state.u32(EngineState.ip);
  }

  kick(): void {
    this.control.kick();
  }

  run(budget: number): VcpuExit {
    const idle = this.control.begin();
    if (idle !== undefined) return idle;
    this.#count.begin(budget);
    let exit = VcpuExit.Budget;
    try {
      exit = this.#loop();
    } finally {
      this.#count.end();
      this.control.end();
    }
    return exit;
  }

  save(): VcpuSnapshot {
    this.#requireRest();
    const run = { instructions: this.instructions, ...this.control.save() };
    return { version: this.snapshotVersion, state: { run: saveRunState(run), processor: this.saveProcessor() } };
  }

  prepareRestore(snapshot: VcpuSnapshot): () => void {
    this.#requireRest();
    requireVersion(snapshot, this.snapshotVersion);
    const saved = requireObject(snapshot.state, ['run', 'processor'], 'the state');
    const run = parseRunState(saved.run);
    const takeProcessor = this.parseProcessor(saved.processor);
    return () => {
      this.reset();
      this.#count.restore(run.instructions);
      takeProcessor();
      this.control.restore(run);
    };
  }

  #requireRest(): void {
    if (this.#count.counting)
      throw new QvmError('machine.state', `vCPU ${this.index} runs: its state is not saved or restored.`);
  }

  // --- for the machine ---

  /** Instructions retired in regions, and the number of entries into regions. */
  get regionTotals(): RegionTotals {
    return this.#regionTotals;
  }

  protect(pageOffset: number, writer: number): void {
    this.tlb.protect(pageOffset, writer);
  }

  dropCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
  }

  leaveCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
    // The record after the last one of a page belongs to that page.
    if (this.ip >= start && this.ip < end) this.fetch.invalidate();
  }

  /** Sets the engine's part of the power-on state: off. The architecture clears the state first. */
  protected resetEngine(): void {
    this.state.setU32(EngineState.blockMap, this.tlb.blockMap);
    this.tlb.flushAll();
    this.control.reset();
    this.fetch.reset();
    this.faults.reset();
  }

  // --- for the architecture: the mode ---

  /** Number of the mode in which instructions are decoded and executed: an index of `MachineParts.instructions`. */
  get mode(): number {
    return this.#mode;
  }

  /**
   * Changes the mode. The architecture must also change to a TLB bank that no other mode uses, and may jump; otherwise
   * execution continues at the same address.
   *
   * @throws Error for a mode that the architecture does not have, when the next instruction is fetched.
   */
  setMode(mode: number): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#execution = this.#executions[mode];
    this.fetch.setMode(mode);
  }

  // --- for the architecture: the present instruction ---

  /** Continues after the present instruction. */
  next(): void {
    this.state.endInstruction();
  }

  /** Continues after the present instruction, as if it had been executed without effect. */
  stepOver(): void {
    this.next();
    this.stepDone = true;
  }

  /** VM memory address of the present instruction. It may continue in another page: see {@link FetchUnit.bytes}. */
  get codeAddress(): number {
    return this.#code.codeAt(this.ip);
  }

  /** Counts the present instruction if generated code has not counted it. */
  retire(): void {
    this.#count.retire();
  }

  /** Ends the VM at the present instruction, which needs something that the VM does not support. */
  abort(kind: UnsupportedKind, what: string): void {
    const reason = `vCPU ${this.index} met an unsupported ${kind} at 0x${this.pc.toString(16)}: ${what}`;
    this.control.stop();
    this.#services.request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
  }

  // --- the run loop ---

  #loop(): VcpuExit {
    const { control } = this;
    for (;;) {
      if (control.stopping) return control.stopExit;
      const left = this.#count.takeLeft();
      if (left === 0 || control.kicked) return control.leave('budget', 0, VcpuExit.Budget);
      this.fetch.refresh();
      const before = this.before();
      if (before === Before.Taken) continue;
      this.memory.begin();
      this.state.beginInstruction();
      const alone = before === Before.OneInstruction;
      const exit = this.#dispatch(alone ? this.#enterOne(left) : this.#enter(left));
      if (alone) this.afterOne(this.stepDone);
      if (exit !== undefined) return exit;
    }
  }

  /** Runs guest code until an exit; returns its reason. */
  #enter(left: number): number {
    return (this.#execution ?? this.#enterMode()).run(left);
  }

  /** Runs one instruction. */
  #enterOne(left: number): number {
    const { state } = this;
    const { interpret } = this.#execution ?? this.#enterMode();
    // Otherwise the threshold of the last sampled run would end this run before its instruction.
    state.setU32(EngineState.sampleAt, 0);
    this.#count.withhold(left);
    const reason = interpret(state.address, 1);
    this.stepDone = this.#count.giveBack();
    return reason;
  }

  /** The generated code of the present mode, made when the vCPU is in it for the first time. */
  #enterMode(): Execution {
    return (this.#execution = this.#executions[this.#mode] ??= this.#makeExecution());
  }

  #makeExecution(): Execution {
    const { state, tlb, memory } = this;
    const { run, regions } = this.engine.enterMode(this.#mode, state.address, {
      slow: (info) => memory.open(info),
      flush: () => memory.flush(),
      call: (left, request) => {
        state.setU32(EngineState.left, left);
        return this.answer(request);
      },
    });
    if (regions === undefined) return { interpret: run, run: (left) => run(state.address, left), begin: () => false };
    const sampler = new RegionSampler(state, tlb, regions, run, this.#regionTotals);
    return { interpret: run, run: (left) => sampler.run(left), begin: () => sampler.begin() };
  }

  #dispatch(reason: number): VcpuExit | undefined {
    const { state } = this;
    switch (reason as ExitReason) {
      case ExitReason.Budget:
        // No tap accepted a write when it was performed. The store is complete except for its effect.
        if (this.memory.takeWriteFailure()) this.takeAccessFault(this.memory.fault);
        return undefined;
      case ExitReason.Decode:
        if (this.#execution?.begin() !== true) this.#code.decode(state.u32(EngineState.ip));
        return undefined;
      case ExitReason.Fetch:
        this.fetch.jumpTo(state.u32(EngineState.address), state.u32(EngineState.address + 4));
        return undefined;
      case ExitReason.Straddle:
        this.fetch.straddle();
        return undefined;
      case ExitReason.Fault:
        this.takeAccessFault(this.memory.fault);
        return undefined;
      case ExitReason.Undefined:
        this.takeUnimplemented();
        return undefined;
      default:
        return this.exit(reason, state.u32(EngineState.exitInfo));
    }
  }

  /** Ends the turn, because another vCPU may end the endless exceptions of this one. */
  #faultsEndlessly(inARow: number): void {
    this.control.stop();
    if (inARow % FaultLoop.limit === 0) this.onEndlessFaults();
  }
}
