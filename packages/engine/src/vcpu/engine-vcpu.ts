import { QvmError, VmExitCode } from '@qvm/core';
import type { Json } from '@qvm/core';
import { createVcpuHooks, GuestExits, INSPECT, vcpuSummary, VcpuExit, type Vcpu } from '@qvm/core/architecture';
import type { MachineServices, UnsupportedKind, VcpuSnapshot } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { TrapEvent, VcpuHooks } from '@qvm/core/hooks';
import { requireObject, requireVersion } from '@qvm/core/vdev';
import { EngineState, ExitReason, RECORD_BYTES } from '@qvm/jit';
import type { CodeCache, CodeCacheClient } from '../code/code-cache.js';
import type { CodeProfile } from '../code/code-profile.js';
import { RegionSampler } from '../code/region-sampler.js';
import type { RegionTotals } from '../code/region-sampler.js';
import { DeviceAccess } from '../memory/device-access.js';
import { MemoryPort } from '../memory/memory-port.js';
import type { AccessFault } from '../memory/memory-port.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from './cpu-state.js';
import { FaultLog } from './fault-log.js';
import { FaultLoop } from './fault-loop.js';
import { FetchUnit } from './fetch-unit.js';
import type { RunFunction } from './run-function.js';
import { parseRunState, saveRunState } from './run-state.js';
import type { VcpuParts } from './vcpu-parts.js';
import type { VmEngine } from './vm-engine.js';

/** What comes before the next instruction. @experimental */
export enum Before {
  /** Nothing: guest code runs. */
  Nothing,
  /** One instruction runs, then the architecture is asked again: single step, breakpoints. */
  OneInstruction,
  /** An exception was taken: the architecture is asked again. */
  Taken,
}

const NO_REGIONS: RegionTotals = { instructions: 0, entries: 0 };

/**
 * A vCPU that runs translated code. It has the run loop and what leaves it for the engine's own reasons; an architecture adds its registers,
 * what is pending before an instruction, its exceptions and its own exits. Members that only an architecture uses are marked so.
 *
 * @experimental
 */
export abstract class EngineVcpu<S extends CpuState = CpuState> implements Vcpu, CodeCacheClient {
  readonly hooks: VcpuHooks;
  readonly exits: GuestExits;
  readonly state: S;
  readonly tlb: SoftTlb;
  /** The program counter, for the architecture. */
  readonly fetch: FetchUnit;
  /** The slow path of memory accesses, for the architecture. */
  readonly memory: MemoryPort;
  /** The exceptions that the guest took. */
  readonly faults = new FaultLog(
    () => this.instructions,
    (inARow) => this.#faultsEndlessly(inARow),
  );
  /** Functions of the translated regions, by number. */
  readonly regionTable: WebAssembly.Table;
  /** Functions that translated regions call. */
  readonly regionImports: WebAssembly.ModuleImports;
  /** Told of each instruction without a row: the machine reports each encoding once. */
  onUnimplemented: (text: string) => void = () => undefined;
  /** Told when the vCPU does nothing but take exceptions, again and again while that lasts. */
  onEndlessFaults: () => void = () => undefined;
  readonly #services: MachineServices;
  readonly #code: CodeCache;
  readonly #run: RunFunction;
  #sampler: RegionSampler | undefined;
  /** Instructions retired before the present run. */
  #retired = 0;
  /** Budget of the present run; 0 outside. */
  #budget = 0;
  #kicked = false;
  #stopping = false;
  #on = false;
  /** Does not run until {@link EngineVcpu.wake}. */
  #waiting = false;
  /** The cause of the exit that the last run ended with. */
  #outside: string | undefined;
  /** The page under the vCPU has been mapped elsewhere. */
  #refetch = false;
  /** Whether the instruction that ran alone has been done. */
  #stepDone = false;

  protected constructor(
    readonly index: number,
    engine: VmEngine,
    { state, tlb, mmu, watch, faults, hookKinds, deviceSyndrome }: VcpuParts<S>,
  ) {
    const { services, code } = engine;
    const { memory, map } = services;
    this.#services = services;
    this.#code = code;
    this.hooks = createVcpuHooks(index, hookKinds);
    this.exits = new GuestExits(this, services.clock, hookKinds.guestExit);
    this.state = state;
    this.tlb = tlb;
    this.fetch = new FetchUnit(state, tlb, code, map, mmu, faults);
    const devices = new DeviceAccess(this, services, this.exits, deviceSyndrome);
    this.memory = new MemoryPort(memory, map, state, mmu, tlb, code, devices, watch, faults);
    const instance = engine.instantiate({
      slow: (info) => this.memory.open(info),
      flush: () => this.memory.flush(),
    });
    this.#run = instance.run;
    this.regionTable = instance.regions;
    this.regionImports = instance.core;
    code.addClient(this);
  }

  /** What `console.log` shows of an event that it is in. */
  [INSPECT](): string {
    return vcpuSummary(this);
  }

  // --- what an architecture adds ---

  abstract registers(): Readonly<Record<string, bigint>>;
  abstract setRegister(name: string, value: bigint): void;
  /** Takes what is pending: interrupts, traps before an instruction, the fault in {@link EngineVcpu.fetch}. */
  protected abstract before(): Before;
  /**
   * An instruction was to run alone.
   *
   * @param done - whether it was done; otherwise it has left for an exception or will be tried again.
   */
  protected abstract afterOne(done: boolean): void;
  /** Guest code was left for a reason of the architecture, with the operand of `Builder.leave`. */
  protected abstract exit(reason: number, info: number): VcpuExit | undefined;
  /** An access of the present instruction faulted. */
  protected abstract takeAccessFault(fault: Readonly<AccessFault>): void;
  /** The present instruction has no row. */
  protected abstract takeUnimplemented(): void;
  /** Power-on state. RAM stays. */
  abstract reset(): void;
  /** Of the format of {@link EngineVcpu.saveProcessor}. */
  protected abstract readonly snapshotVersion: number;
  /** The architecture's part of a saved state: registers by name, nothing that follows from others. */
  protected abstract saveProcessor(): Json;
  /**
   * Checks what {@link EngineVcpu.saveProcessor} gave.
   *
   * @returns takes it over, in a vCPU that was just reset.
   * @throws VdevStateError
   */
  protected abstract parseProcessor(saved: unknown): () => void;

  // --- Vcpu ---

  get instructions(): number {
    if (this.#budget === 0) return this.#retired;
    return this.#retired + this.#budget - this.state.u32(EngineState.left) - this.state.u32(EngineState.stolen);
  }

  get on(): boolean {
    return this.#on;
  }

  hasWork(): boolean {
    return this.#on && !this.#waiting;
  }

  get pc(): bigint {
    return this.fetch.pc;
  }

  get ip(): number {
    return this.state.u32(EngineState.ip);
  }

  kick(): void {
    this.#kicked = true;
  }

  run(budget: number): VcpuExit {
    if (!this.#on) return VcpuExit.Off;
    if (this.#waiting) return VcpuExit.Halted;
    const { state } = this;
    this.#stopping = false;
    this.#budget = budget;
    state.setU32(EngineState.left, budget);
    state.setU32(EngineState.stolen, 0);
    if (this.#outside !== undefined) {
      this.exits.enter(this.#outside);
      this.#outside = undefined;
    }
    let exit = VcpuExit.Budget;
    try {
      exit = this.#loop();
    } finally {
      this.#retired = this.instructions;
      this.#budget = 0;
      this.#kicked = false;
    }
    return exit;
  }

  save(): VcpuSnapshot {
    this.#requireRest();
    const run = { instructions: this.#retired, on: this.#on, waiting: this.#waiting, outside: this.#outside };
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
      this.#retired = run.instructions;
      takeProcessor();
      this.#on = run.on;
      this.#waiting = run.waiting;
      this.#outside = run.outside;
    };
  }

  #requireRest(): void {
    if (this.#budget !== 0)
      throw new QvmError('machine.state', `vCPU ${this.index} runs: its state is not saved or restored.`);
  }

  // --- for the machine ---

  /** Gives the vCPU the second tier. */
  useRegions(regions: CodeProfile): void {
    this.#sampler = new RegionSampler(this.state, this.tlb, regions, this.#run);
  }

  /** Instructions retired in regions, and how often one was entered. */
  get regionTotals(): RegionTotals {
    return this.#sampler?.totals ?? NO_REGIONS;
  }

  protect(pageOffset: number, writer: number): void {
    this.tlb.protect(pageOffset, writer);
  }

  dropCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
  }

  leaveCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
    // The record after the page's last one belongs to the page.
    if (this.ip >= start && this.ip < end) this.#refetch = true;
  }

  // --- for the architecture: power, waiting, the end of a run ---

  /** Power-on state of what the engine keeps: off. The architecture clears the state first. */
  protected resetEngine(): void {
    this.state.setU32(EngineState.blockMap, this.tlb.blockMap);
    this.tlb.flushAll();
    this.#on = this.#waiting = this.#refetch = false;
    this.fetch.fault = undefined;
    this.faults.reset();
  }

  /** Turns the vCPU on. */
  turnOn(): void {
    this.#on = true;
  }

  /** Turns the vCPU off and ends its run. */
  turnOff(): void {
    this.#on = false;
    this.#stopping = true;
  }

  /** Ends the present run: for a request to the VM, or for other vCPUs. */
  stop(): void {
    this.#stopping = true;
  }

  /**
   * Goes on after an exit that was begun with {@link GuestExits.leave}, unless {@link EngineVcpu.stop} was called in it: then the run
   * ends within the exit.
   */
  resume(cause: string, stop = false): VcpuExit | undefined {
    if (stop || this.#stopping) return this.#endWithin(cause, this.#stopExit());
    this.exits.enter(cause);
    return undefined;
  }

  /** Ends the present run by an exit, which is over when the next run begins. */
  leave(cause: string, syndrome: number, exit: VcpuExit): VcpuExit {
    this.exits.leave(cause, syndrome);
    return this.#endWithin(cause, exit);
  }

  /** {@link EngineVcpu.leave} and waits for {@link EngineVcpu.wake}. */
  halt(cause: string, syndrome: number): VcpuExit {
    this.#waiting = true;
    return this.leave(cause, syndrome, VcpuExit.Halted);
  }

  /** Waits for {@link EngineVcpu.wake} from the end of this run on. */
  wait(): void {
    this.#waiting = true;
    this.#stopping = true;
  }

  /** Ends a wait. */
  wake(): void {
    this.#waiting = false;
  }

  // --- for the architecture: the present instruction ---

  /** Goes on after the present instruction. */
  next(): void {
    this.state.setU32(EngineState.ip, this.state.u32(EngineState.ip) + RECORD_BYTES);
  }

  /** Goes on after an instruction that does nothing. */
  stepOver(): void {
    this.next();
    this.#stepDone = true;
  }

  /** VM memory address of the present instruction. */
  get codeAddress(): number {
    return this.#code.codeAt(this.ip);
  }

  /**
   * Counts the present instruction, which generated code has not counted. An exception instead of an instruction takes an
   * instruction's time: a guest that only faults uses up its turn, too.
   */
  retire(): void {
    const { state } = this;
    const counter = state.u32(EngineState.left) !== 0 ? EngineState.left : EngineState.stolen;
    state.setU32(counter, Math.max(0, state.u32(counter) - 1));
  }

  /** Ends the VM at the present instruction, which wants what the VM lacks. */
  abort(kind: UnsupportedKind, what: string): void {
    const reason = `vCPU ${this.index} met an unsupported ${kind} at 0x${this.pc.toString(16)}: ${what}`;
    this.#stopping = true;
    this.#services.request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
  }

  /**
   * Asks the hook for a kind of trap.
   *
   * @param resume - whether the guest goes on after the present instruction when a tap has done its work and has not moved the vCPU.
   * @param details - called when the hook is tapped, for what is not at hand.
   * @returns whether a tap did the work of what trapped.
   */
  trapHandled(
    kind: string,
    syndrome: number,
    resume: 'next' | 'here',
    immediate?: number,
    details?: () => Pick<TrapEvent, 'disassembly' | 'address'>,
  ): boolean {
    const hook = this.hooks.trap.get(kind);
    if (!hook || !hasTaps(hook)) return false;
    const before = this.ip;
    const event = { vcpu: this, kind, syndrome, pc: this.pc, immediate, ...details?.() };
    if (hook.call(event) !== 'handled') return false;
    if (this.ip === before && resume === 'next') this.next();
    this.#stepDone = true;
    return true;
  }

  /**
   * Asks the hook for faults of memory.
   *
   * @param stage - 1 when the guest's own translation refused the access, 2 when nothing is at the guest-physical address.
   * @param level - the privilege level that the fault is taken from.
   * @returns whether a tap did the work of the access.
   */
  faultHandled(fault: Readonly<AccessFault>, stage: 1 | 2, syndrome: number, level: number): boolean {
    const hook = this.hooks.memoryFault;
    if (!hasTaps(hook)) return false;
    const { lo, hi, access, physical } = fault;
    const { pcLo, pcHi } = this.fetch;
    const event = {
      vcpu: this,
      stage,
      access,
      address: (BigInt(hi) << 32n) | BigInt(lo),
      physical: physical < 0 ? undefined : physical,
      syndrome,
      pc: this.pc,
    } as const;
    if (hook.call(event) !== 'handled') return false;
    // A tap that says so without doing anything about it would let the vCPU fault for ever.
    this.faults.note(syndrome, pcLo, pcHi, lo, hi, level, true);
    return true;
  }

  // --- the run loop ---

  #stopExit(): VcpuExit {
    return this.#on ? VcpuExit.Stop : VcpuExit.Off;
  }

  #endWithin(cause: string, exit: VcpuExit): VcpuExit {
    this.#outside = cause;
    return exit;
  }

  #loop(): VcpuExit {
    const { state } = this;
    for (;;) {
      if (this.#stopping) return this.#stopExit();
      const left = state.u32(EngineState.left) + state.u32(EngineState.stolen);
      state.setU32(EngineState.left, left);
      state.setU32(EngineState.stolen, 0);
      if (left === 0 || this.#kicked) return this.leave('budget', 0, VcpuExit.Budget);
      if (this.#refetch) {
        this.#refetch = false;
        this.fetch.again();
      }
      const before = this.before();
      if (before === Before.Taken) continue;
      this.memory.begin();
      const alone = before === Before.OneInstruction;
      const exit = this.#dispatch(alone ? this.#enterOne(left) : this.#enter(left));
      if (alone) this.afterOne(this.#stepDone);
      if (exit !== undefined) return exit;
    }
  }

  /** Runs guest code until it leaves; gives the reason. */
  #enter(left: number): number {
    return this.#sampler ? this.#sampler.run(left) : this.#run(this.state.address, left);
  }

  /** Runs one instruction. */
  #enterOne(left: number): number {
    const { state } = this;
    // The threshold of the last sampled run would end this one before its instruction.
    state.setU32(EngineState.sampleAt, 0);
    const reason = this.#run(state.address, 1);
    const after = state.u32(EngineState.left) + state.u32(EngineState.stolen);
    this.#stepDone = after === 0;
    state.setU32(EngineState.left, left - 1 + after);
    state.setU32(EngineState.stolen, 0);
    return reason;
  }

  #dispatch(reason: number): VcpuExit | undefined {
    const { state } = this;
    switch (reason as ExitReason) {
      case ExitReason.Budget:
        if (this.memory.takeWriteFailure()) this.#takeLateFault();
        return undefined;
      case ExitReason.Decode:
        this.#code.decode(state.u32(EngineState.ip));
        return undefined;
      case ExitReason.Fetch:
        this.fetch.jumpTo(state.u32(EngineState.address), state.u32(EngineState.address + 4));
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

  /** A write that a tap might have taken, but did not: the store is done but for its effect. */
  #takeLateFault(): void {
    this.state.setU32(EngineState.ip, this.state.u32(EngineState.ip) - RECORD_BYTES);
    this.takeAccessFault(this.memory.fault);
  }

  /** Other vCPUs, which may help, get the rest of the turn. */
  #faultsEndlessly(inARow: number): void {
    this.#stopping = true;
    if (inARow % FaultLoop.limit === 0) this.onEndlessFaults();
  }
}
