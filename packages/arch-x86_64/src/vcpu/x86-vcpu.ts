import type { Json } from '@qvm/core';
import type { VirtualMapping } from '@qvm/core/hooks';
import { VcpuExit } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { MachineServices } from '@qvm/core/architecture';
import { Before, EngineVcpu, PortAccess, SoftTlb } from '@qvm/engine';
import type { AccessFault, VmEngine } from '@qvm/engine';
import {
  CodeMode,
  Exit,
  LONGEST,
  Shadow,
  State,
  SystemOperation,
  VcpuRequest,
  Vector,
  WITH_ERROR_CODE,
} from '@qvm/isa-x86_64';
import type { RecordPlan } from '@qvm/jit';
import { ApicRequest } from '../apic/index.js';
import type { ApicBus, LocalApic } from '../apic/index.js';
import { X86_HOOK_KINDS } from '../hook-kinds.js';
import { isTooLong, readInstruction } from '../instruction-sets.js';
import { isStackAccess } from '../segments/stack-access.js';
import { codeMode } from '../state/code-mode.js';
import { Cr4, Flag } from '../state/control-bits.js';
import { Controls } from '../state/controls.js';
import { RegisterView } from '../state/register-view.js';
import { initState, resetState, RESET_VECTOR, startupSegment } from '../state/reset.js';
import { X86State } from '../state/x86-state.js';
import { signatureWord } from '../system/cpu-model.js';
import type { X86Model } from '../system/cpu-model.js';
import { ENGINE_FAULTS, FaultStatus } from '../system/fault-status.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { reportAccessFault } from '../system/linear-memory.js';
import { isCanonical, Mmu } from '../system/mmu.js';
import { TlbBanks } from '../system/tlb-banks.js';
import { WalkParameters } from '../system/walk-parameters.js';
import { DataBreakpoints } from './data-breakpoints.js';
import { DebugTraps } from './debug-traps.js';
import { exitCauseOf, ExitReason, exitReasonOf, TRAP_OF_OPERATION } from './exit-causes.js';
import { FetchPosition } from './fetch-position.js';
import { GuestEvents } from './guest-events.js';
import { Outcome } from './outcome.js';
import { Processor } from './processor.js';
import { parseProcessor, saveProcessor, SNAPSHOT_VERSION } from './snapshot.js';
import { haltReport, shutdownReport } from './shutdown-report.js';

/** TLB banks of one vCPU. @experimental */
export const TLB_BANKS = 32;

/** See {@link DebugTraps.stepByNewFlag}. */
const STEPS_BY_NEW_FLAG: ReadonlySet<SystemOperation> = new Set([
  ...[SystemOperation.Int, SystemOperation.Int3, SystemOperation.Into, SystemOperation.Int1],
  ...[SystemOperation.Syscall, SystemOperation.Sysret],
]);

/** Answers VMCALL and VMMCALL. @experimental */
export interface Hypercalls {
  /** Performs the call in the vCPU's registers. `stop` ends the run. */
  call(vcpu: X86Vcpu, conduit: 'vmcall' | 'vmmcall'): 'continue' | 'stop';
}

/**
 * One x86_64 vCPU.
 *
 * @experimental
 */
export class X86Vcpu extends EngineVcpu<X86State> {
  /** The local APIC of this processor. */
  readonly apic: LocalApic;
  /** The units that execute what generated code leaves to them. */
  readonly processor: Processor;
  /** Called when it has become {@link X86Vcpu.haltedForGood}. */
  onHaltForGood: () => void = () => undefined;
  readonly #services: MachineServices;
  readonly #bus: ApicBus;
  readonly #ram: VmEngine['ram'];
  readonly #controls: Controls;
  readonly #debug: DebugTraps;
  readonly #events: GuestEvents;
  readonly #view: RegisterView;
  readonly #systemCallTrap = this.hooks.trap.for('systemCall');
  /** NMIs are blocked until the next IRET. */
  #nmiBlocked = false;

  constructor(
    index: number,
    engine: VmEngine,
    /** The processor model. */
    readonly model: X86Model,
    bus: ApicBus,
    private readonly hypercalls: Hypercalls,
    /** Layout of the records after a reset. */
    plan: RecordPlan,
  ) {
    const { services, ram } = engine;
    const state = X86State.allocate(services.memory, plan);
    const tlb = new SoftTlb(services.memory, TLB_BANKS);
    const mmu = new Mmu(services.memory, services.map, state, new WalkParameters(state, ram));
    const watch = new DataBreakpoints(state, tlb, ram);
    super(index, engine, {
      state,
      tlb,
      mmu,
      watch,
      faults: ENGINE_FAULTS,
      hookKinds: X86_HOOK_KINDS,
      deviceSyndrome: () => ExitReason.EptViolation,
    });
    this.#services = services;
    this.#bus = bus;
    this.#ram = ram;
    this.apic = bus.apics[index] as LocalApic;
    const banks = new TlbBanks(tlb);
    this.#controls = new Controls(state, mmu, banks);
    this.#controls.onAlignmentCheck = (on) => watch.checkAlignment(on);
    this.processor = new Processor({
      index,
      vcpus: services.vcpus,
      model,
      memory: services.memory,
      clock: services.clock,
      state,
      mmu,
      banks,
      controls: this.#controls,
      port: this.memory,
      ports: new PortAccess(this, services, this.exits, () => ExitReason.Io),
      position: new FetchPosition(this.fetch, state, () => this.#enterMode()),
      apic: this.apic,
      onTripleFault: () => this.#shutDown(),
      hypercall: (conduit) => this.#hypercall(conduit),
    });
    this.#debug = new DebugTraps(state, this.processor.debug, watch);
    this.#events = new GuestEvents(this, this.processor);
    this.processor.segments.onStackSegment = () => state.setU32(State.shadow, Shadow.MovSs);
    this.#view = new RegisterView(state, this.#counter());
    this.apic.connect({ kick: () => this.#requested(), timeOfTsc: (count) => this.processor.tsc.timeOf(count) });
    this.reset();
  }

  // --- Vcpu ---

  /** See `RegisterView.all`. */
  registers(): Readonly<Record<string, bigint>> {
    return this.#view.all();
  }

  /** See `RegisterView.set`. */
  setRegister(name: string, value: bigint): void {
    this.#view.set(name, value);
  }

  /** Translates as a supervisor reads, by the tables of the guest. */
  translate(virtualAddress: bigint): number | undefined {
    const mmu = this.#passiveMmu();
    const address = BigInt.asUintN(64, virtualAddress);
    const mapped = mmu.translate(Number(address & 0xffff_ffffn), Number(address >> 32n), 'read', true);
    return mapped ? mmu.physical : undefined;
  }

  /** See `Mmu.mappings`. */
  mappings(limit: number): readonly VirtualMapping[] {
    return this.#passiveMmu().mappings(limit);
  }

  /** Reads the tables without an effect on the guest. */
  #passiveMmu(): Mmu {
    const mmu = new Mmu(this.#services.memory, this.#services.map, this.state);
    mmu.refresh();
    return mmu;
  }

  /** Executes at most `budget` instructions, and says why it returned. */
  override run(budget: number): VcpuExit {
    this.#bus.running = this.index;
    return super.run(budget);
  }

  // --- power ---

  /** The state after RESET, off. */
  override reset(): void {
    const { state, processor } = this;
    resetState(state, signatureWord(this.model));
    this.resetEngine();
    this.#ram.attach(state);
    state.setU32(State.pauseExit, this.#services.vcpus > 1 ? 1 : 0);
    processor.msrs.reset();
    processor.tsc.reset();
    this.#debug.reset();
    this.#nmiBlocked = false;
    this.#controls.refresh();
  }

  /** Turns the vCPU on, in the state that its registers have. */
  start(): void {
    this.control.turnOn();
  }

  /** Turns the vCPU on at the reset vector. */
  startAtReset(): void {
    this.start();
    this.processor.core.position.jump(RESET_VECTOR);
  }

  /** Must be called after registers were written directly, before the vCPU runs. */
  stateChanged(): void {
    this.state.refreshBases();
    this.#controls.refresh();
  }

  // --- the local APIC ---

  /** The local APIC has a request. */
  #requested(): void {
    const { apic, control, state } = this;
    state.setU32(State.pendingInterrupt, apic.requests & ApicRequest.Interrupt ? 1 : 0);
    if (!control.on) {
      if (apic.requests & ApicRequest.Init) this.#init();
      if (apic.requests & ApicRequest.StartUp) this.#startUp();
    } else if (apic.requests & ~ApicRequest.Interrupt || this.#interruptible) control.wake();
  }

  get #interruptible(): boolean {
    return (this.state.systemFlags & Flag.IF) !== 0;
  }

  /** INIT: the bootstrap vCPU begins at the reset vector, the others wait for a start-up message. */
  #init(): void {
    const { apic, control } = this;
    apic.takeInit();
    initState(this.state, signatureWord(this.model));
    this.#nmiBlocked = false;
    this.#controls.refresh();
    if (apic.waitsForStartUp) {
      if (control.on) control.turnOff();
    } else this.processor.core.position.jump(RESET_VECTOR);
  }

  #startUp(): void {
    startupSegment(this.state, this.apic.takeStartUp());
    this.#controls.refresh();
    this.start();
    this.processor.core.jump(0);
  }

  // --- EngineVcpu: before and after instructions ---

  protected override before(): Before {
    const { state, apic } = this;
    const watched = this.#nmiBlocked || this.#debug.armed || this.exits.watched || hasTaps(this.#systemCallTrap);
    if (watched !== this.#controls.watched) this.#controls.watched = watched;
    if (state.segmentsChanged) {
      this.#enterMode();
      return Before.Taken;
    }
    const shadow = state.u32(State.shadow) as Shadow;
    if (shadow === Shadow.MovSs) this.#debug.dropStep();
    state.setU32(State.shadow, Shadow.None);
    if (apic.requests !== 0 || this.#debug.pending !== 0) {
      if (apic.requests & ApicRequest.Init) {
        this.#events.within('init', () => this.#init());
        return Before.Taken;
      }
      if (shadow !== Shadow.MovSs && this.#takePending(shadow)) return Before.Taken;
    }
    state.setU32(State.pendingInterrupt, apic.requests & ApicRequest.Interrupt ? 1 : 0);
    if (this.fetch.fault) {
      this.#fetchFault();
      return Before.Taken;
    }
    return this.#beginInstruction(shadow !== Shadow.None && apic.requests !== 0);
  }

  /** Takes a debug trap, an NMI or an interrupt, in this order (SDM vol. 3, table 6-2). */
  #takePending(shadow: Shadow): boolean {
    const { apic } = this;
    if (this.#debug.pending !== 0) {
      this.#debug.take();
      this.#events.raise(Vector.DB);
      return true;
    }
    if (apic.requests & ApicRequest.Nmi && !this.#nmiBlocked) {
      apic.takeNmi();
      this.#nmiBlocked = true;
      this.#events.interrupt(Vector.NMI, 'nmi');
      return true;
    }
    if (shadow !== Shadow.None || !(apic.requests & ApicRequest.Interrupt) || !this.#interruptible) return false;
    this.#events.interrupt(apic.acknowledge(), 'external');
    return true;
  }

  /** Breakpoints on the next instruction, single step and shadows. */
  #beginInstruction(shadowed: boolean): Before {
    const { fetch } = this;
    if (this.#debug.stopsAt(fetch.pcLo, fetch.pcHi)) {
      this.retire();
      this.#events.raise(Vector.DB);
      return Before.Taken;
    }
    return this.#debug.begin() || shadowed ? Before.OneInstruction : Before.Nothing;
  }

  protected override afterOne(done: boolean): void {
    this.#debug.end(done);
  }

  // --- EngineVcpu: exits ---

  protected override exit(reason: number, info: number): VcpuExit | undefined {
    switch (reason as Exit) {
      case Exit.System:
        return this.#system(info);
      case Exit.Exception:
        this.#events.raise(this.#reported(info & 0xff), info & WITH_ERROR_CODE ? 0 : NO_ERROR_CODE);
        return undefined;
      case Exit.Halt:
        return this.#halt();
      case Exit.Pause:
        this.next();
        return this.control.leave('pause', 0, VcpuExit.Yield);
    }
    throw new Error(`the interpreter left for an unknown reason ${reason}`);
  }

  protected override answer(request: number): number {
    const { exits, processor, state } = this;
    switch (request as VcpuRequest) {
      case VcpuRequest.Time:
        exits.count('time');
        processor.tsc.read();
        // A guest that waits for a time, which only comes when timers have fired, must not go on for the rest of the run.
        if (this.control.kicked) this.#controls.trapTime(true);
        state.setHalves(State.time, processor.tsc.lo, processor.tsc.hi);
        return 0;
      case VcpuRequest.FlushPage:
        exits.count('tlb');
        processor.execute(SystemOperation.Invlpg);
        return 0;
    }
    return super.answer(request);
  }

  /** An SSE exception is #UD if the system does not handle #XM (SDM vol. 3, 2.5, OSXMMEXCPT). */
  #reported(vector: number): number {
    const handled = (this.state.u32(State.cr4) & Cr4.OSXMMEXCPT) !== 0;
    return vector === Number(Vector.XM) && !handled ? Vector.UD : vector;
  }

  #system(info: number): VcpuExit | undefined {
    const operation = (info & 0xff) as SystemOperation;
    const cause = exitCauseOf(operation);
    if (cause === undefined) return this.#port(info);
    const trap = TRAP_OF_OPERATION.get(operation);
    this.exits.leave(cause, exitReasonOf(operation));
    if (trap !== undefined && this.traps.trap(trap, 0, 'next', info >>> 24)) return this.control.resume(cause);
    if (operation === SystemOperation.Iret) {
      this.#nmiBlocked = false;
      this.#debug.keepResumeFlag();
    }
    const outcome = this.processor.execute(info);
    if (operation === SystemOperation.Rdtsc || operation === SystemOperation.Rdtscp) this.#controls.trapTime(false);
    if (outcome === Outcome.Next) this.next();
    else if (outcome === Outcome.Fault) this.#events.deliverWithin();
    if (outcome !== Outcome.Fault && STEPS_BY_NEW_FLAG.has(operation)) this.#debug.stepByNewFlag();
    return this.control.resume(cause);
  }

  /** IN, OUT, INS and OUTS: each access to a device is an exit of its own. */
  #port(info: number): undefined {
    const outcome = this.processor.execute(info);
    if (outcome === Outcome.Next) this.next();
    else if (outcome === Outcome.Fault) this.#events.deliver('read');
  }

  #halt(): VcpuExit | undefined {
    const { apic, control } = this;
    this.next();
    const wakes = apic.requests & ~ApicRequest.Interrupt;
    if (wakes || (apic.requests & ApicRequest.Interrupt && this.#interruptible)) return undefined;
    const exit = control.halt('halt', ExitReason.Hlt);
    if (this.haltedForGood) this.onHaltForGood();
    return exit;
  }

  /** Whether it waits with interrupts off: only an NMI or INIT continues it. */
  get haltedForGood(): boolean {
    return this.on && !this.control.runnable && !this.#interruptible;
  }

  /** The report of a vCPU that is {@link X86Vcpu.haltedForGood}. */
  haltReport(): string {
    return haltReport(this.index, this.registers());
  }

  #hypercall(conduit: 'vmcall' | 'vmmcall'): Outcome {
    if (this.state.cpl !== 0) {
      this.processor.core.fault.protection();
      return Outcome.Fault;
    }
    if (this.hypercalls.call(this, conduit) === 'stop') this.control.stop();
    return Outcome.Next;
  }

  // --- exceptions ---

  protected override takeAccessFault({ status, lo, hi, access }: Readonly<AccessFault>): void {
    const { fault } = this.processor.core;
    this.retire();
    if (status === Number(FaultStatus.External)) {
      this.abort('reference', `nothing answers at the physical address of a ${access}`);
      return;
    }
    const noAddress = this.state.longMode && !isCanonical(hi);
    if (noAddress) fault.raise(this.#isOnStack({ lo, hi }) ? Vector.SS : Vector.GP, 0);
    else reportAccessFault(fault, status, lo, hi, Vector.GP);
    this.#events.deliver(access);
  }

  #isOnStack(at: { readonly lo: number; readonly hi: number }): boolean {
    const parts = readInstruction(this.model.features, this.mode, this.fetch.bytes(LONGEST));
    return parts !== undefined && isStackAccess(parts, this.state, at);
  }

  protected override takeUnimplemented(): void {
    this.retire();
    const bytes = this.fetch.bytes(LONGEST);
    if (isTooLong(this.model.features, this.mode, bytes)) return this.#events.raise(Vector.GP, 0);
    const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.onUnimplemented(text);
    if (this.#services.unsupported.instruction === 'abort') this.abort('instruction', text);
    else if (this.#services.unsupported.instruction === 'ignore') this.stepOver();
    else this.#events.raise(Vector.UD);
  }

  /** The next instruction cannot be fetched. */
  #fetchFault(): void {
    const { fault } = this.processor.core;
    const { status, lo, hi } = this.fetch.fault ?? { status: 0, lo: 0, hi: 0 };
    this.retire();
    // Where nothing answers, the bytes are ones: an instruction that does not exist.
    if (status === Number(FaultStatus.External)) fault.raise(Vector.UD);
    else reportAccessFault(fault, status, lo, hi, Vector.GP);
    this.#events.deliver('execute');
  }

  /** Shutdown: a PC resets itself (SDM vol. 3, 6.15, interrupt 8). */
  #shutDown(): void {
    const { chain } = this.processor.exceptions;
    this.control.stop();
    this.#services.request({ kind: 'reset', fault: shutdownReport(this.index, chain, this.registers()) });
  }

  // --- position ---

  /** Changes to the mode that the segments determine. */
  #enterMode(): void {
    const { state } = this;
    if (state.controlsStale) this.#controls.select();
    state.segmentsChanged = false;
    const mode = codeMode(state);
    if (mode !== CodeMode.Code64 && this.mode === CodeMode.Code64) state.narrowRegisters();
    this.setMode(mode);
  }

  #counter(): { rip: bigint } {
    const core = (): Processor['core'] => this.processor.core;
    return {
      get rip() {
        return BigInt.asUintN(64, BigInt(core().rip));
      },
      set rip(value: bigint) {
        core().jump(Number(BigInt.asIntN(64, value)));
      },
    };
  }

  // --- snapshots ---

  protected override readonly snapshotVersion = SNAPSHOT_VERSION;

  protected override saveProcessor(): Json {
    return saveProcessor(this.#savedParts());
  }

  protected override parseProcessor(saved: unknown): () => void {
    const parts = this.#savedParts();
    const take = parseProcessor(saved, parts);
    return () => {
      const { pc, nmiBlocked, debugTrap } = take();
      this.#nmiBlocked = nmiBlocked;
      this.#debug.pending = debugTrap;
      this.stateChanged();
      this.#debug.refresh();
      this.processor.core.position.jump(pc);
    };
  }

  #savedParts(): Parameters<typeof saveProcessor>[0] {
    return {
      model: this.model.name,
      state: this.state,
      tsc: this.processor.tsc,
      pc: this.processor.core.position.pc,
      nmiBlocked: this.#nmiBlocked,
      debugTrap: this.#debug.pending,
    };
  }
}
