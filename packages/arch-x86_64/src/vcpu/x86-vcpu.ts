import type { Json } from '@qvm/core';
import { hasTaps } from '@qvm/core/hooks';
import type { VirtualMapping } from '@qvm/core/hooks';
import { VcpuExit } from '@qvm/core/architecture';
import type { MachineServices } from '@qvm/core/architecture';
import { Before, EngineVcpu, PortAccess, SoftTlb } from '@qvm/engine';
import type { AccessFault, VmEngine } from '@qvm/engine';
import { Exit, LONGEST, Shadow, State, SystemOperation, Vector, WITH_ERROR_CODE } from '@qvm/isa-x86_64';
import type { RecordPlan } from '@qvm/jit';
import { ApicRequest } from '../apic/index.js';
import type { ApicBus, LocalApic } from '../apic/index.js';
import { X86_HOOK_KINDS } from '../hook-kinds.js';
import { codeMode } from '../state/code-mode.js';
import { Cr4, Flag } from '../state/control-bits.js';
import { Controls } from '../state/controls.js';
import { RegisterView } from '../state/register-view.js';
import { initState, resetState, RESET_VECTOR, startupSegment } from '../state/reset.js';
import { X86State } from '../state/x86-state.js';
import { signatureWord } from '../system/cpu-model.js';
import type { X86Model } from '../system/cpu-model.js';
import { Dr6 } from '../system/debug-registers.js';
import { ENGINE_FAULTS, FaultStatus } from '../system/fault-status.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { fromWords, highWord, lowWord, reportAccessFault } from '../system/linear-memory.js';
import { Mmu } from '../system/mmu.js';
import { TlbBanks } from '../system/tlb-banks.js';
import { WalkParameters } from '../system/walk-parameters.js';
import type { CodePosition } from './core.js';
import { DataBreakpoints } from './data-breakpoints.js';
import { EventSource, simpleEvent } from './event.js';
import { exitCauseOf, TRAP_OF_OPERATION, TRAP_OF_VECTOR } from './exit-causes.js';
import { Outcome } from './outcome.js';
import { Processor } from './processor.js';
import { parseProcessor, saveProcessor, SNAPSHOT_VERSION } from './snapshot.js';
import { shutdownReport } from './shutdown-report.js';

/** TLB banks of one vCPU. @experimental */
export const TLB_BANKS = 32;
const VECTOR_SHIFT = 24;

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
  readonly #services: MachineServices;
  readonly #bus: ApicBus;
  readonly #ram: VmEngine['ram'];
  readonly #controls: Controls;
  readonly #watch: DataBreakpoints;
  readonly #view: RegisterView;
  readonly #modes: number;
  /** NMIs are blocked until the next IRET. */
  #nmiBlocked = false;
  /** Causes of a debug trap after the last instruction: bits of DR6. */
  #debugTrap = 0;
  /** Whether the instruction that is executed alone began with TF set. */
  #stepping = false;
  /** Whether it began with RF set, which it clears. */
  #resuming = false;
  #haltReported = false;

  constructor(
    index: number,
    engine: VmEngine,
    /** The processor model. */
    readonly model: X86Model,
    bus: ApicBus,
    private readonly hypercalls: Hypercalls,
    /** Layout of the records after a reset, and the number of modes whose code can be executed. */
    code: { readonly plan: RecordPlan; readonly modes: number },
  ) {
    const { services, ram } = engine;
    const state = X86State.allocate(services.memory, code.plan);
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
      deviceSyndrome: () => 0,
    });
    this.#services = services;
    this.#bus = bus;
    this.#ram = ram;
    this.#watch = watch;
    this.#modes = code.modes;
    this.apic = bus.apics[index] as LocalApic;
    const banks = new TlbBanks(tlb);
    this.#controls = new Controls(state, mmu, banks);
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
      ports: new PortAccess(this, services, this.exits, () => 0),
      position: this.#position(),
      apic: this.apic,
      onTripleFault: () => this.#shutDown(),
      hypercall: (conduit) => this.#hypercall(conduit),
    });
    watch.connect(this.processor.debug);
    this.processor.debug.onChange = () => watch.refresh();
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
    const mmu = new Mmu(this.#services.memory, this.#services.map, this.state);
    mmu.refresh();
    const address = BigInt.asUintN(64, virtualAddress);
    const mapped = mmu.translate(Number(address & 0xffff_ffffn), Number(address >> 32n), 'read', true);
    return mapped ? mmu.physical : undefined;
  }

  /** Not computed yet: none. */
  mappings(_limit: number): readonly VirtualMapping[] {
    return [];
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
    processor.msrs.reset();
    processor.tsc.reset();
    this.#watch.refresh();
    this.#watch.hits = this.#debugTrap = 0;
    this.#nmiBlocked = this.#stepping = this.#haltReported = false;
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
    const shadow = state.u32(State.shadow) as Shadow;
    state.setU32(State.shadow, Shadow.None);
    if (apic.requests !== 0 || this.#debugTrap !== 0) {
      if (apic.requests & ApicRequest.Init) {
        this.#within('init', () => this.#init());
        return Before.Taken;
      }
      if (shadow !== Shadow.MovSs && this.#takePending(shadow)) return Before.Taken;
    }
    state.setU32(State.pendingInterrupt, apic.requests & ApicRequest.Interrupt ? 1 : 0);
    if (this.fetch.fault) {
      this.#fetchFault();
      return Before.Taken;
    }
    return this.#beforeDebugged(shadow !== Shadow.None && apic.requests !== 0);
  }

  /** Takes a debug trap, an NMI or an interrupt, in this order (SDM vol. 3, table 6-2). */
  #takePending(shadow: Shadow): boolean {
    const { apic } = this;
    if (this.#debugTrap !== 0) {
      this.processor.debug.report(this.#debugTrap);
      this.#debugTrap = 0;
      this.#raise(Vector.DB);
      return true;
    }
    if (apic.requests & ApicRequest.Nmi && !this.#nmiBlocked) {
      apic.takeNmi();
      this.#nmiBlocked = true;
      this.#interrupt(Vector.NMI, 'nmi');
      return true;
    }
    if (shadow !== Shadow.None || !(apic.requests & ApicRequest.Interrupt) || !this.#interruptible) return false;
    this.#interrupt(apic.acknowledge(), 'external');
    return true;
  }

  /** Breakpoints on the next instruction, single step and shadows. */
  #beforeDebugged(shadowed: boolean): Before {
    const { state, processor } = this;
    const flags = state.systemFlags;
    const armed = processor.debug.stopsInstructions;
    if (armed && !(flags & Flag.RF)) {
      const hits = processor.debug.instructionHits(this.fetch.pcLo, this.fetch.pcHi);
      if (hits !== 0) {
        processor.debug.report(hits);
        this.retire();
        this.#raise(Vector.DB);
        return Before.Taken;
      }
    }
    // RF has no effect without breakpoints, and ends with the next instruction.
    if (!armed && flags & Flag.RF) state.changeSystemFlags(Flag.RF, 0);
    this.#stepping = (flags & Flag.TF) !== 0;
    this.#resuming = armed && (flags & Flag.RF) !== 0;
    return this.#stepping || armed || shadowed || this.#watch.armed ? Before.OneInstruction : Before.Nothing;
  }

  protected override afterOne(done: boolean): void {
    const { state } = this;
    if (done) this.#debugTrap |= this.#watch.hits | (this.#stepping ? Dr6.BS : 0);
    if (done && this.#resuming) state.changeSystemFlags(Flag.RF, 0);
    this.#watch.hits = 0;
  }

  // --- EngineVcpu: exits ---

  protected override exit(reason: number, info: number): VcpuExit | undefined {
    switch (reason as Exit) {
      case Exit.System:
        return this.#system(info);
      case Exit.Exception:
        this.#raise(this.#reported(info & 0xff), info & WITH_ERROR_CODE ? 0 : NO_ERROR_CODE);
        return undefined;
      case Exit.Halt:
        return this.#halt();
      case Exit.Pause:
        this.next();
        return this.#services.vcpus > 1 ? this.control.leave('pause', 0, VcpuExit.Yield) : undefined;
    }
    throw new Error(`the interpreter left for an unknown reason ${reason}`);
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
    this.exits.leave(cause, 0);
    if (trap !== undefined && this.traps.trap(trap, 0, 'next', info >>> 24)) return this.control.resume(cause);
    if (operation === SystemOperation.Iret) this.#nmiBlocked = this.#resuming = false;
    const outcome = this.processor.execute(info);
    if (outcome === Outcome.Next) this.next();
    else if (outcome === Outcome.Fault) this.#raiseHere();
    return this.control.resume(cause);
  }

  /** IN, OUT, INS and OUTS: each access to a device is an exit of its own. */
  #port(info: number): undefined {
    const outcome = this.processor.execute(info);
    if (outcome === Outcome.Next) this.next();
    else if (outcome === Outcome.Fault) this.#deliver('read');
  }

  #halt(): VcpuExit | undefined {
    const { apic, control } = this;
    this.next();
    const wakes = apic.requests & ~ApicRequest.Interrupt;
    if (wakes || (apic.requests & ApicRequest.Interrupt && this.#interruptible)) return undefined;
    if (!this.#interruptible && !this.#haltReported) {
      this.#haltReported = true;
      const text = `vCPU ${this.index} halts with interrupts off at 0x${this.pc.toString(16)}: only NMI or INIT continues it.`;
      this.#services.logger.log('warn', `${this.#services.name}: ${text}`);
    }
    return control.halt('halt', 0);
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
    reportAccessFault(fault, status, lo, hi, Vector.GP);
    this.#deliver(access);
  }

  protected override takeUnimplemented(): void {
    this.retire();
    const text = [...this.fetch.bytes(LONGEST)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.onUnimplemented(text);
    if (this.#services.unsupported.instruction === 'abort') this.abort('instruction', text);
    else if (this.#services.unsupported.instruction === 'ignore') this.stepOver();
    else this.#raise(Vector.UD);
  }

  /** The next instruction cannot be fetched. */
  #fetchFault(): void {
    const { fault } = this.processor.core;
    const { status, lo, hi } = this.fetch.fault ?? { status: 0, lo: 0, hi: 0 };
    this.retire();
    // Where nothing answers, the bytes are ones: an instruction that does not exist.
    if (status === Number(FaultStatus.External)) fault.raise(Vector.UD);
    else reportAccessFault(fault, status, lo, hi, Vector.GP);
    this.#deliver('execute');
  }

  /** Raises an exception within an exit of its own. */
  #raise(vector: Vector, error = NO_ERROR_CODE): void {
    this.processor.core.fault.raise(vector, error);
    this.#deliver('read');
  }

  /** Takes the exception in the fault of the core, as an exit. */
  #deliver(access: AccessFault['access']): void {
    const { fault } = this.processor.core;
    const cause = fault.vector === Vector.PF ? 'pageFault' : 'exception';
    this.exits.leave(cause, this.#syndrome);
    this.#raiseHere(access);
    this.control.resume(cause);
  }

  /** Takes the exception in the fault of the core, within an exit that has begun. */
  #raiseHere(access: AccessFault['access'] = 'read'): void {
    const { state, processor, traps, fetch } = this;
    const { fault } = processor.core;
    const { vector, lo, hi } = fault;
    this.stepDone = false;
    const syndrome = this.#syndrome;
    if (vector === Vector.PF) {
      const status = FaultStatus.Page | fault.error;
      if (traps.fault({ lo, hi, access, status, physical: -1 }, 1, syndrome, state.cpl)) {
        fetch.retry();
        return;
      }
    } else {
      const kind = TRAP_OF_VECTOR[vector];
      if (kind !== undefined && traps.trap(kind, syndrome, fetch.fault ? 'here' : 'next')) return;
    }
    if (vector === Vector.DB) processor.debug.leaveGeneralDetect();
    this.faults.note(syndrome, fetch.pcLo, fetch.pcHi, lo, hi, state.cpl, true);
    processor.exceptions.takeFault();
  }

  /** Vector in bits 31–24, error code in the others. */
  get #syndrome(): number {
    const { vector, error } = this.processor.core.fault;
    return ((vector << VECTOR_SHIFT) | (error === NO_ERROR_CODE ? 0 : error)) >>> 0;
  }

  #interrupt(vector: number, kind: 'external' | 'nmi'): void {
    const { hooks, processor } = this;
    this.#within(kind === 'nmi' ? 'nmi' : 'interrupt', () => {
      if (hasTaps(hooks.interruptTaken)) hooks.interruptTaken.call({ vcpu: this, kind, number: vector, pc: this.pc });
      processor.exceptions.take(simpleEvent(vector, EventSource.External, processor.core.rip));
    });
  }

  #within(cause: 'init' | 'interrupt' | 'nmi', action: () => void): void {
    this.exits.leave(cause, 0);
    action();
    this.control.resume(cause);
  }

  /** Shutdown: a PC resets itself (SDM vol. 3, 6.15, interrupt 8). */
  #shutDown(): void {
    const { logger, name } = this.#services;
    const { chain } = this.processor.exceptions;
    logger.log('error', `${name}: ${shutdownReport(this.index, chain, this.registers())}`);
    this.control.stop();
    this.#services.request({ kind: 'reset' });
  }

  // --- position ---

  #position(): CodePosition {
    const { fetch, state } = this;
    const setMode = (): void => this.#enterMode();
    return {
      get pc() {
        return fromWords(fetch.pcLo, fetch.pcHi);
      },
      get nextPc() {
        const at = state.position;
        state.endInstruction();
        const pc = fromWords(fetch.pcLo, fetch.pcHi);
        state.moveBack(at);
        return pc;
      },
      jump: (pc) => {
        setMode();
        fetch.jumpTo(lowWord(pc), highWord(pc));
      },
      bytes: () => fetch.bytes(LONGEST),
    };
  }

  #enterMode(): void {
    const mode = codeMode(this.state);
    if (mode < this.#modes) this.setMode(mode);
    else this.abort('instruction', `code of ${this.state.codeSize} bits, which qvm cannot execute yet`);
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
      this.#debugTrap = debugTrap;
      this.stateChanged();
      this.#watch.refresh();
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
      debugTrap: this.#debugTrap,
    };
  }
}
