import type { VirtualMapping } from '@qvm/core/hooks';
import type { Json } from '@qvm/core';
import { type MachineServices, VcpuExit } from '@qvm/core/architecture';
import { Before, EngineVcpu, SoftTlb } from '@qvm/engine';
import type { AccessFault, EngineFaults, VmEngine } from '@qvm/engine';
import { Exit, State } from '@qvm/isa-aarch64';
import { AARCH64_HOOK_KINDS } from '../hook-kinds.js';
import type { AttachedCpu, SystemRegisterHandler } from '../system/cpu-attachment.js';
import { FaultReporter } from '../system/fault-reporter.js';
import { Mmu } from '../system/mmu.js';
import { WalkParameters } from '../system/walk-parameters.js';
import { deviceAccessSyndrome, ExceptionClass, FaultStatus, syndrome } from '../system/syndrome.js';
import { Aarch64State, Sys } from './aarch64-state.js';
import { BREAKPOINT_ISS } from './breakpoints.js';
import type { CpuModel } from './cpu-model.js';
import { CpuView } from './cpu-view.js';
import { DebugUnit } from './debug-unit.js';
import { ExceptionDelivery } from './exception-delivery.js';
import { ExceptionUnit, Spsr, Vector } from './exceptions.js';
import { InterruptInputs } from './interrupt-inputs.js';
import { LevelControls } from './level-controls.js';
import { PMU_INTID } from './performance-monitor.js';
import { parseProcessor, saveProcessor, SNAPSHOT_VERSION } from './snapshot.js';
import type { SavedParts } from './snapshot.js';
import { StepIss, stepIss } from './software-step.js';
import { SystemAccess } from './system-access.js';
import { SystemExits } from './system-exits.js';
import { TlbMaintenance } from './tlb-maintenance.js';
import { WaitUnit } from './wait-unit.js';

/** TLB banks of one vCPU. @experimental */
export const TLB_BANKS = 32;

/** The faults that the engine detects. */
const FAULTS: EngineFaults = {
  alignment: FaultStatus.Alignment,
  external: FaultStatus.ExternalAbort,
  watchpoint: FaultStatus.Debug,
};
/** SCTLR_EL1 at reset: its RES1 bits (Arm ARM D19.2.118). */
const SCTLR_RESET = 0x30d0_0800n;
const FP_ACCESS_ISS = (1 << 24) | (0xe << 20);

/** Firmware calls by HVC and SMC: PSCI and other services. @experimental */
export interface Firmware {
  /** Performs the call in the vCPU's registers. `stop` ends the run. */
  call(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number): 'continue' | 'stop';
}

/**
 * One AArch64 vCPU at EL1 and EL0.
 *
 * @experimental
 */
export class Aarch64Vcpu extends EngineVcpu<Aarch64State> implements AttachedCpu {
  /** Carries out TLBI instructions, also those of other vCPUs. */
  readonly tlbMaintenance: TlbMaintenance;
  /** Reports of faults to the host. */
  readonly reports: FaultReporter;
  /** Called for SEV; set by the machine. */
  onSendEvent: () => void = () => undefined;
  readonly #services: MachineServices;
  readonly #ram: VmEngine['ram'];
  readonly #inputs: InterruptInputs;
  readonly #debug: DebugUnit;
  readonly #exceptions: ExceptionUnit;
  readonly #delivery: ExceptionDelivery;
  readonly #view: CpuView;
  readonly #system: SystemAccess;
  readonly #systemExits: SystemExits;
  readonly #waits: WaitUnit;
  /**
   * Syndrome of the software-step exception for the last instruction; undefined if that instruction was not stepped.
   */
  #stepped: StepIss | undefined;
  /** Number of retired instructions at which the present run ends at the latest. */
  #runEnd = 0;

  constructor(
    index: number,
    engine: VmEngine,
    /** Identification registers of the modelled core. */
    readonly model: CpuModel,
    private readonly firmware: Firmware,
    disassemble: (word: number) => string,
  ) {
    const { services, ram } = engine;
    const state = Aarch64State.allocate(services.memory);
    const tlb = new SoftTlb(services.memory, TLB_BANKS);
    const mmu = new Mmu(services.memory, services.map, state, new WalkParameters(state, ram));
    const debug = new DebugUnit(state, tlb, ram);
    super(index, engine, {
      state,
      tlb,
      mmu,
      watch: debug.watchpoints,
      faults: FAULTS,
      hookKinds: AARCH64_HOOK_KINDS,
      deviceSyndrome: deviceAccessSyndrome,
    });
    this.#services = services;
    this.#ram = ram;
    this.#debug = debug;
    this.tlbMaintenance = new TlbMaintenance(tlb);
    this.#inputs = new InterruptInputs(state);
    this.#exceptions = new ExceptionUnit(
      state,
      (lo, hi) => this.fetch.jumpTo(lo, hi),
      new LevelControls(state, tlb, mmu),
      () => debug.stepping,
      this.faults,
    );
    this.#view = new CpuView(services, state, this.fetch, this.#exceptions);
    this.reports = new FaultReporter(this, services, disassemble);
    this.#delivery = new ExceptionDelivery(this, this.#exceptions, services.unsupported, disassemble, this.reports);
    this.#waits = new WaitUnit(this, this.#inputs, this.#delivery);
    this.#system = new SystemAccess(state, mmu, this.#exceptions, this.tlbMaintenance, debug, {
      instructions: () => this.instructions,
      overflowLine: services.wiring.privateLine(PMU_INTID, index, 'pmu'),
      pendingInterrupts: () => this.#inputs.isr,
      touch: (va) => this.#systemExits.touch(va),
    });
    this.#systemExits = new SystemExits(this, this.#system, this.#exceptions, this.#delivery);
    this.reset();
  }

  // --- AttachedCpu ---

  get affinity(): bigint {
    return BigInt(((this.index >> 3) << 8) | (this.index & 7));
  }

  setIrq(level: boolean): void {
    this.#inputs.setIrq(level);
    if (level) this.control.wake();
  }

  setFiq(level: boolean): void {
    this.#inputs.setFiq(level);
    if (level) this.control.wake();
  }

  nameInterrupts(pending: () => number | undefined): void {
    this.#inputs.pending = pending;
  }

  attachRegister(name: string, handler: SystemRegisterHandler): void {
    this.#system.attach(name, handler);
  }

  /** The present instruction. */
  get word(): number {
    return this.#services.memory.u32[this.codeAddress >>> 2] as number;
  }

  // --- Vcpu ---

  /** `x0` to `x30`, `sp`, `pc` and `pstate`. */
  registers(): Readonly<Record<string, bigint>> {
    return this.#view.registers();
  }

  /** Writes `x0` to `x30`, `sp` or `pc`. Throws `QvmError` `vcpu.register` for other names. */
  setRegister(name: string, value: bigint): void {
    this.#view.setRegister(name, value);
  }

  /** All that stage 1 maps now, as EL1 reads. */
  mappings(limit: number): readonly VirtualMapping[] {
    return this.#view.mappings(limit);
  }

  /** Translates as EL1 reads, by the tables of the guest. */
  translate(virtualAddress: bigint): number | undefined {
    return this.#view.translate(virtualAddress);
  }

  // --- power ---

  /** Power-on state: off, EL1h, interrupts masked, MMU off. */
  override reset(): void {
    const { state } = this;
    state.clear();
    this.resetEngine();
    this.#ram.attach(state);
    this.#inputs.publish();
    this.model.writeRegisters(state, this.affinity);
    state.setU32(State.el, 1);
    state.setU32(State.spsel, 1);
    state.setU32(State.daif, Spsr.D | Spsr.A | Spsr.I | Spsr.F);
    state.setU64(Sys.SCTLR_EL1, SCTLR_RESET);
    this.#debug.reset();
    this.#system.reset();
    this.#waits.reset();
    this.#stepped = undefined;
    this.#exceptions.illegal = this.#exceptions.softwareStep = false;
    this.#exceptions.controls.refresh();
  }

  /** Turns the vCPU on at an address with a value in X0 (boot, PSCI CPU_ON). */
  start(entry: bigint, context: bigint): void {
    this.state.setX(0, context);
    this.control.turnOn();
    this.fetch.jump(entry);
  }

  /** Waits as WFI does (PSCI CPU_SUSPEND to standby state). */
  waitForInterrupt(): void {
    if (!this.#inputs.raised) this.control.wait();
  }

  /** An event from SEV of any vCPU. */
  signalEvent(): void {
    this.#waits.signal();
  }

  // --- EngineVcpu ---

  protected override readonly snapshotVersion = SNAPSHOT_VERSION;

  protected override saveProcessor(): Json {
    return saveProcessor(this.#savedParts());
  }

  protected override parseProcessor(saved: unknown): () => void {
    const parts = this.#savedParts();
    const take = parseProcessor(saved, parts);
    return () => {
      take();
      this.#stepped = parts.stepped;
      this.fetch.jump(parts.pc);
    };
  }

  #savedParts(): SavedParts {
    return {
      model: this.model.name,
      state: this.state,
      exceptions: this.#exceptions,
      system: this.#system,
      debug: this.#debug,
      waits: this.#waits,
      pc: this.pc,
      stepped: this.#stepped,
    };
  }

  /** Ends the run no later than the next overflow of a performance counter, for its interrupt. */
  override run(budget: number): VcpuExit {
    const { monitor } = this.#system;
    const { instructions } = this;
    const most = monitor.active ? Math.min(budget, Math.max(1, monitor.deadline - instructions)) : budget;
    this.#runEnd = instructions + most;
    const exit = super.run(most);
    if (monitor.active) monitor.settle();
    return exit;
  }

  protected override before(): Before {
    this.#takePending();
    if (this.#system.monitor.active && this.#overflowsEarlier()) return Before.Taken;
    if (this.#debug.enabled) return this.#beforeDebugged();
    this.#stepped = undefined;
    return this.fetch.fault ? this.#fetchFault() : Before.Nothing;
  }

  /** {@link Aarch64Vcpu.before} while the guest steps itself or uses breakpoints or watchpoints. */
  #beforeDebugged(): Before {
    const stepping = this.#debug.stepping;
    const stepped = this.#stepped;
    this.#stepped = undefined;
    if (stepping && !this.#exceptions.softwareStep) {
      this.#delivery.softwareStep(stepped ?? StepIss.Pending);
      return Before.Taken;
    }
    if (this.fetch.fault) return this.#fetchFault();
    const armed = this.#debug.breakpointsArmed;
    if (armed && this.#debug.stopsAt(this.pc)) {
      this.#breakpoint();
      return Before.Taken;
    }
    if (stepping) this.#stepped = stepIss(this.word);
    return stepping || armed ? Before.OneInstruction : Before.Nothing;
  }

  /**
   * Ends the run early if a performance counter now overflows within it, after an access to its registers or a change
   * of level.
   */
  #overflowsEarlier(): boolean {
    const { monitor } = this.#system;
    monitor.levelMayChange();
    const earlier = monitor.deadline < this.#runEnd;
    if (earlier) this.kick();
    return earlier;
  }

  #fetchFault(): Before {
    this.#delivery.fetchFault();
    return Before.Taken;
  }

  protected override afterOne(done: boolean): void {
    // An instruction that took an exception or was not executed leaves PSTATE.SS to that exception or to its next
    // attempt.
    if (this.#stepped !== undefined && done && this.#exceptions.softwareStep) this.#exceptions.softwareStep = false;
    else this.#stepped = undefined;
  }

  protected override takeAccessFault(fault: Readonly<AccessFault>): void {
    this.#delivery.dataAbort(fault);
  }

  protected override takeUnimplemented(): void {
    this.#delivery.unimplemented();
  }

  protected override exit(reason: number, info: number): VcpuExit | undefined {
    const delivery = this.#delivery;
    switch (reason as Exit) {
      case Exit.System:
        this.#systemExits.access(info);
        return undefined;
      case Exit.Pstate:
        this.#systemExits.pstate(info);
        return undefined;
      case Exit.ZvaTrap:
        this.#systemExits.zeroBlock(info);
        return undefined;
      case Exit.Svc:
        delivery.systemCall(info);
        return undefined;
      case Exit.Hvc:
      case Exit.Smc:
        return this.#firmwareCall(reason === (Exit.Hvc as number) ? 'hvc' : 'smc', info);
      case Exit.Brk:
        delivery.synchronous(ExceptionClass.Brk64, info, 'breakpoint', info);
        return undefined;
      case Exit.Hlt:
        delivery.undefined();
        return undefined;
      case Exit.Eret:
        if (this.state.el === 0) delivery.undefined();
        else this.#exceptions.return();
        return undefined;
      case Exit.Wfi:
        return this.#waits.waitForInterrupt();
      case Exit.Wfe:
        return this.#waits.waitForEvent();
      case Exit.Yield:
        this.next();
        return this.#services.vcpus > 1 ? this.control.leave('yield', 0, VcpuExit.Yield) : undefined;
      case Exit.SendEvent:
        this.next();
        this.#waits.signalLocal();
        if (info === 0) this.onSendEvent();
        return undefined;
      case Exit.FpTrap:
        delivery.synchronous(ExceptionClass.FpAccess, FP_ACCESS_ISS, 'fpAccess');
        return undefined;
      case Exit.SpAlignment:
        delivery.synchronous(ExceptionClass.SpAlignment, 0, 'spAlignment');
        return undefined;
      default:
        throw new Error(`the interpreter left for an unknown reason ${reason}`);
    }
  }

  /** Takes pending interrupts and exceptions that precede an instruction. */
  #takePending(): void {
    const daif = this.state.u32(State.daif);
    if (this.#inputs.fiq && !(daif & Spsr.F)) this.#delivery.interrupt(Vector.Fiq, 'fiq', this.#inputs.pending());
    else if (this.#inputs.irq && !(daif & Spsr.I)) this.#delivery.interrupt(Vector.Irq, 'irq', this.#inputs.pending());
    else if (this.#exceptions.illegal && !this.fetch.fault) this.#delivery.illegalState();
  }

  #breakpoint(): void {
    const ec = this.state.el === 0 ? ExceptionClass.BreakpointLower : ExceptionClass.BreakpointSame;
    this.#delivery.beforeInstruction(ec, BREAKPOINT_ISS, 'hardwareBreakpoint');
  }

  #firmwareCall(conduit: 'hvc' | 'smc', immediate: number): VcpuExit | undefined {
    if (this.state.el === 0) {
      this.#delivery.undefined();
      return undefined;
    }
    const esr = syndrome(conduit === 'hvc' ? ExceptionClass.Hvc64 : ExceptionClass.Smc64, immediate);
    this.exits.leave('hypercall', esr);
    if (this.traps.trap(conduit, esr, 'next', immediate)) return this.control.resume('hypercall');
    this.next();
    return this.control.resume('hypercall', this.firmware.call(this, conduit, immediate) === 'stop');
  }
}
