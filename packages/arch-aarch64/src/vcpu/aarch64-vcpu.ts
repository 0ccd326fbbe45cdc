import { createVcpuHooks, GuestExits, hasTaps, QvmError, VcpuExit, VmExitCode } from '@qvm/core';
import type { MachineServices, UnsupportedKind, Vcpu, VcpuHooks } from '@qvm/core';
import { ExitReason, RECORD_BYTES, TlbEntry } from '@qvm/jit';
import { Exit, State } from '@qvm/isa-aarch64';
import { DeviceAccess, FaultLoop, MemoryPort, pageOf, RegionSampler, SoftTlb } from '@qvm/engine';
import type {
  Access,
  CodeCache,
  CodeCacheClient,
  CodeProfile,
  EngineFaults,
  InstantiateRun,
  MainRam,
  RegionTotals,
  RunFunction,
} from '@qvm/engine';
import { higherLevelNote } from '../system/higher-level.js';
import { Mmu, Sctlr } from '../system/mmu.js';
import { deviceAccessSyndrome, ExceptionClass, FaultStatus, syndrome, systemRegisterIss } from '../system/syndrome.js';
import type { AttachedCpu, SystemRegisterHandler } from '../system/cpu-attachment.js';
import { BREAKPOINT_ISS, breakpointMatches, breakpointsArmed } from './breakpoints.js';
import type { CpuModel } from './cpu-model.js';
import { Aarch64State, Sys } from './aarch64-state.js';
import { ExceptionUnit, Spsr, Vector } from './exceptions.js';
import { FaultLog } from './fault-log.js';
import { StepIss, stepActive, stepIss } from './software-step.js';
import { SystemAccess, SystemResult } from './system-access.js';
import { TlbMaintenance } from './tlb-maintenance.js';
import { selectBank } from './translation-regime.js';
import { Watchpoints } from './watchpoints.js';

/** TLB banks of one vCPU. @experimental */
export const TLB_BANKS = 32;

const join = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/** Calls to firmware: PSCI and what else answers HVC and SMC. @experimental */
export interface Firmware {
  /** Performs the call in the vCPU's registers. `stop` ends the run. */
  call(vcpu: Aarch64Vcpu, conduit: 'hvc' | 'smc', immediate: number): 'continue' | 'stop';
}

/**
 * One AArch64 vCPU at EL1 and EL0.
 *
 * @experimental
 */
export class Aarch64Vcpu implements Vcpu, AttachedCpu, CodeCacheClient {
  readonly hooks: VcpuHooks;
  readonly state: Aarch64State;
  readonly tlb: SoftTlb;
  readonly tlbMaintenance: TlbMaintenance;
  readonly exits: GuestExits;
  /** The exceptions that the guest took. */
  readonly faults = new FaultLog(
    () => this.instructions,
    (inARow) => this.#faultsEndlessly(inARow),
  );
  /** Functions of the translated regions, by number. */
  readonly regionTable: WebAssembly.Table;
  readonly regionImports: WebAssembly.ModuleImports;
  readonly #mmu: Mmu;
  readonly #exceptions: ExceptionUnit;
  readonly #system: SystemAccess;
  readonly #watchpoints: Watchpoints;
  readonly #memoryPort: MemoryPort;
  readonly #run: RunFunction;
  #sampler: RegionSampler | undefined;
  /** Instructions retired before the present run. */
  #retired = 0;
  /** Budget of the present run; 0 outside. */
  #budget = 0;
  #kicked = false;
  #stopping = false;
  #irq = false;
  #fiq = false;
  #on = false;
  #waiting = false;
  /** Left the guest by WFI and has not come back. */
  #asleep = false;
  #event = false;
  #pcFault: { lo: number; hi: number; status: number } | undefined;

  constructor(
    readonly index: number,
    readonly model: CpuModel,
    private readonly services: MachineServices,
    private readonly code: CodeCache,
    private readonly ram: MainRam,
    private readonly firmware: Firmware,
    private readonly disassemble: (word: number) => string,
    instantiate: InstantiateRun,
  ) {
    const { memory, map } = services;
    this.hooks = createVcpuHooks(index);
    this.exits = new GuestExits(this, services.clock);
    this.state = Aarch64State.allocate(memory);
    this.tlb = new SoftTlb(memory, TLB_BANKS);
    this.tlbMaintenance = new TlbMaintenance(this.tlb);
    this.#mmu = new Mmu(memory, map, this.state, ram);
    this.#exceptions = new ExceptionUnit(
      this.state,
      (lo, hi) => this.#transfer(lo, hi),
      () => this.#selectBanks(),
      () => this.#stepActive(),
      this.faults,
    );
    const watchpoints = new Watchpoints(this.state, this.tlb, ram, () => this.#system.osLocked);
    this.#watchpoints = watchpoints;
    this.#system = new SystemAccess(this.state, this.#mmu, this.#exceptions, this.tlbMaintenance, {
      instructions: () => this.instructions,
      pendingInterrupts: () => (this.#irq ? 0x80n : 0n) | (this.#fiq ? 0x40n : 0n),
      touch: (va) => this.#touch(va),
      debugChanged: () => watchpoints.refresh(),
    });
    this.#memoryPort = new MemoryPort(
      memory,
      map,
      this.state,
      this.#mmu,
      this.tlb,
      code,
      new DeviceAccess(this, services, this.exits, deviceAccessSyndrome),
      watchpoints,
      FAULTS,
    );
    const instance = instantiate({
      slow: (info) => this.#memoryPort.open(info),
      flush: () => this.#memoryPort.flush(),
    });
    this.#run = instance.run;
    this.regionTable = instance.regions;
    this.regionImports = instance.core;
    code.addClient(this);
    this.reset();
  }

  // --- AttachedCpu ---

  get affinity(): bigint {
    return BigInt(((this.index >> 3) << 8) | (this.index & 7));
  }

  setIrq(level: boolean): void {
    this.#irq = level;
    this.#notePending();
    if (level) this.#waiting = false;
  }

  setFiq(level: boolean): void {
    this.#fiq = level;
    this.#notePending();
    if (level) this.#waiting = false;
  }

  #notePending(): void {
    this.state.setU32(State.pendingInterrupts, (this.#irq ? Spsr.I : 0) | (this.#fiq ? Spsr.F : 0));
  }

  attachRegister(name: string, handler: SystemRegisterHandler): void {
    this.#system.attach(name, handler);
  }

  /** Gives the vCPU the second tier. */
  useRegions(regions: CodeProfile): void {
    this.#sampler = new RegionSampler(this.state, this.tlb, regions, this.#run);
  }

  /** Instructions retired in regions, and how often one was entered. */
  get regionTotals(): RegionTotals {
    return this.#sampler?.totals ?? NO_REGIONS;
  }

  // --- Vcpu ---

  get instructions(): number {
    if (this.#budget === 0) return this.#retired;
    return this.#retired + this.#budget - this.state.u32(State.left) - this.state.u32(State.stolen);
  }

  get on(): boolean {
    return this.#on;
  }

  hasWork(): boolean {
    return this.#on && !this.#waiting;
  }

  get pc(): bigint {
    return this.#pcFault ? join(this.#pcFault.lo, this.#pcFault.hi) : this.state.pc;
  }

  get ip(): number {
    return this.state.u32(State.ip);
  }

  kick(): void {
    this.#kicked = true;
  }

  registers(): Readonly<Record<string, bigint>> {
    const all: Record<string, bigint> = {};
    for (let n = 0; n < 31; n++) all[`x${n}`] = this.state.x(n);
    all.sp = this.state.u64(State.sp);
    all.pc = this.pc;
    all.pstate = BigInt(this.#exceptions.pstate());
    return all;
  }

  setRegister(name: string, value: bigint): void {
    const general = /^x(\d+)$/.exec(name);
    if (general && Number(general[1]) < 31) this.state.setX(Number(general[1]), BigInt.asUintN(64, value));
    else if (name === 'sp') this.state.setU64(State.sp, BigInt.asUintN(64, value));
    else if (name === 'pc') this.#jump(BigInt.asUintN(64, value));
    else
      throw new QvmError(
        'vcpu.register',
        `An AArch64 vCPU has no register ${name} to write: x0 to x30, sp and pc are there.`,
      );
  }

  translate(virtualAddress: bigint): number | undefined {
    const mmu = new Mmu(this.services.memory, this.services.map, this.state);
    mmu.refresh();
    const va = BigInt.asUintN(64, virtualAddress);
    const mapped = mmu.translate(Number(va & 0xffff_ffffn), Number(va >> 32n), 'read', true);
    return mapped ? mmu.physical : undefined;
  }

  /** Power-on state: off, EL1h, interrupts masked, MMU off. */
  reset(): void {
    const { state } = this;
    state.clear();
    this.#notePending();
    this.ram.attach(state);
    state.setU32(State.blockMap, this.tlb.blockMap);
    this.model.writeRegisters(state, this.affinity);
    state.setU32(State.el, 1);
    state.setU32(State.spsel, 1);
    state.setU32(State.daif, Spsr.D | Spsr.A | Spsr.I | Spsr.F);
    state.setU64(Sys.SCTLR_EL1, SCTLR_RESET);
    this.tlb.flushAll();
    this.#system.reset();
    this.#watchpoints.refresh();
    this.#exceptions.illegal = this.#exceptions.softwareStep = false;
    this.#waiting = this.#event = this.#on = false;
    this.#pcFault = undefined;
    this.faults.reset();
    this.#exceptions.refresh();
  }

  /** Turns the vCPU on at an address with a value in X0 (boot, PSCI CPU_ON). */
  start(entry: bigint, context: bigint): void {
    this.state.setX(0, context);
    this.#on = true;
    this.#jump(entry);
  }

  /** Turns it off (PSCI CPU_OFF). */
  turnOff(): void {
    this.#on = false;
    this.#stopping = true;
  }

  /** Waits as WFI does (PSCI CPU_SUSPEND to standby). */
  waitForInterrupt(): void {
    if (this.#irq || this.#fiq) return;
    this.#waiting = true;
    this.#stopping = true;
  }

  /** Ends the present run for a request to the VM. */
  stop(): void {
    this.#stopping = true;
  }

  /** An event from SEV of any vCPU. */
  signalEvent(): void {
    this.#event = true;
    this.#waiting = false;
  }

  run(budget: number): VcpuExit {
    if (!this.#on) return VcpuExit.Off;
    if (this.#waiting) return VcpuExit.Halted;
    const { state } = this;
    this.#stopping = false;
    this.#budget = budget;
    state.setU32(State.left, budget);
    state.setU32(State.stolen, 0);
    if (this.#asleep) this.exits.enter('wfi');
    this.#asleep = false;
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

  // --- the run loop ---

  #loop(): VcpuExit {
    const { state } = this;
    let stepped: StepIss | undefined;
    for (;;) {
      if (this.#stopping) return this.#on ? VcpuExit.Stop : VcpuExit.Off;
      const left = state.u32(State.left) + state.u32(State.stolen);
      state.setU32(State.left, left);
      state.setU32(State.stolen, 0);
      if (left === 0 || this.#kicked) return VcpuExit.Budget;
      if (this.#refetch) this.#fetchAgain();
      this.#takePending();
      const stepping = this.#stepActive();
      if (stepping && !this.#exceptions.softwareStep) {
        this.#softwareStep(stepped ?? StepIss.Pending);
        stepped = undefined;
        continue;
      }
      stepped = undefined;
      if (this.#pcFault) {
        this.#takeFetchFault();
        continue;
      }
      const armed = breakpointsArmed(state);
      if (armed && breakpointMatches(state, this.pc, this.#system.osLocked)) {
        this.#takeBreakpoint();
        continue;
      }
      if (stepping) stepped = stepIss(this.code.wordAt(state.u32(State.ip)));
      this.#memoryPort.begin();
      const reason = stepping || armed ? this.#enterStep(left) : this.#enter(left);
      const exit = this.#dispatch(reason);
      // What took an exception, or has not been done, leaves PSTATE.SS to that.
      if (stepping && this.#stepDone && this.#exceptions.softwareStep) this.#exceptions.softwareStep = false;
      else stepped = undefined;
      if (exit !== undefined) return exit;
    }
  }

  /** Runs guest code until it leaves. */
  #enter(left: number): number {
    return this.#sampler ? this.#sampler.run(left) : this.#run(this.state.address, left);
  }

  /** Whether the instruction of the last step has been done. */
  #stepDone = false;

  /** Runs one instruction. */
  #enterStep(left: number): number {
    const { state } = this;
    // The threshold of the last sampled run would end this one before its instruction.
    state.setU32(State.sampleAt, 0);
    const reason = this.#run(state.address, 1);
    const after = state.u32(State.left) + state.u32(State.stolen);
    this.#stepDone = after === 0;
    state.setU32(State.left, left - 1 + after);
    state.setU32(State.stolen, 0);
    return reason;
  }

  /** Interrupts and the exceptions that come before an instruction. */
  #takePending(): void {
    const daif = this.state.u32(State.daif);
    if (this.#fiq && !(daif & Spsr.F)) this.#takeInterrupt(Vector.Fiq, 'fiq');
    else if (this.#irq && !(daif & Spsr.I)) this.#takeInterrupt(Vector.Irq, 'irq');
    else if (this.#exceptions.illegal && !this.#pcFault) this.#takeIllegalState();
  }

  #takeIllegalState(): void {
    this.#retire();
    this.#takeSynchronous(ExceptionClass.IllegalState, 0, 'illegalState');
  }

  #dispatch(reason: number): VcpuExit | undefined {
    const { state } = this;
    const info = state.u32(State.exitInfo);
    switch (reason as ExitReason | Exit) {
      case ExitReason.Budget:
        if (this.#memoryPort.takeWriteFailure()) this.#takeLateAbort();
        return undefined;
      case ExitReason.Decode:
        this.code.decode(state.u32(State.ip));
        return undefined;
      case ExitReason.Fetch:
        this.#transfer(state.u32(State.address), state.u32(State.address + 4));
        return undefined;
      case ExitReason.Fault:
        this.#takeAccessFault();
        return undefined;
      case ExitReason.Undefined:
        this.#unimplemented();
        return undefined;
      case Exit.System:
        this.#systemAccess(info);
        return undefined;
      case Exit.Pstate:
        this.#pstate(info);
        return undefined;
      case Exit.Svc:
        this.#next();
        // The step is done: what is saved has SS clear.
        this.#exceptions.softwareStep = false;
        this.#takeSynchronous(ExceptionClass.Svc64, info, 'svc', info);
        return undefined;
      case Exit.Hvc:
      case Exit.Smc:
        return this.#firmwareCall(reason === (Exit.Hvc as number) ? 'hvc' : 'smc', info);
      case Exit.Brk:
        this.#takeSynchronous(ExceptionClass.Brk64, info, 'breakpoint', info);
        return undefined;
      case Exit.Hlt:
        this.#undefined();
        return undefined;
      case Exit.Eret:
        if (state.el === 0) this.#undefined();
        else this.#exceptions.return();
        return undefined;
      case Exit.Wfi:
        return this.#wfi();
      case Exit.Wfe:
        return this.#wfe();
      case Exit.Yield:
        this.#next();
        return this.services.vcpus > 1 ? VcpuExit.Yield : undefined;
      case Exit.SendEvent:
        this.#next();
        this.#event = true;
        if (info === 0) this.onSendEvent();
        return undefined;
      case Exit.FpTrap:
        this.#takeSynchronous(ExceptionClass.FpAccess, FP_ACCESS_ISS, 'fpAccess');
        return undefined;
      case Exit.SpAlignment:
        this.#takeSynchronous(ExceptionClass.SpAlignment, 0, 'spAlignment');
        return undefined;
      case Exit.ZvaTrap:
        this.#systemTrap(state.u32(State.exitInfo) | DC_ZVA_INFO);
        return undefined;
      default:
        throw new Error(`the interpreter left for an unknown reason ${reason}`);
    }
  }

  /** SEV: set by the machine. */
  onSendEvent: () => void = () => undefined;

  /** Goes on behind the present instruction. */
  #next(): void {
    this.state.setU32(State.ip, this.state.u32(State.ip) + 16);
  }

  #wfi(): VcpuExit | undefined {
    if (this.state.el === 0 && !(this.state.u32(Sys.SCTLR_EL1) & Sctlr.nTWI)) {
      this.#takeSynchronous(ExceptionClass.WfxTrap, WFX_ISS, 'wfi');
      return undefined;
    }
    this.#next();
    if (this.#irq || this.#fiq) return undefined;
    this.exits.leave('wfi', syndrome(ExceptionClass.WfxTrap, WFX_ISS));
    this.#waiting = this.#asleep = true;
    return VcpuExit.Halted;
  }

  #wfe(): VcpuExit | undefined {
    if (this.state.el === 0 && !(this.state.u32(Sys.SCTLR_EL1) & Sctlr.nTWE)) {
      this.#takeSynchronous(ExceptionClass.WfxTrap, WFX_ISS | 1, 'wfe');
      return undefined;
    }
    this.#next();
    if (this.#event) {
      this.#event = false;
      return undefined;
    }
    // The event stream, another vCPU's store or SEV ends the wait; giving up the turn is enough.
    return VcpuExit.Yield;
  }

  #firmwareCall(conduit: 'hvc' | 'smc', immediate: number): VcpuExit | undefined {
    if (this.state.el === 0) {
      this.#undefined();
      return undefined;
    }
    this.exits.leave('hypercall', syndrome(conduit === 'hvc' ? ExceptionClass.Hvc64 : ExceptionClass.Smc64, immediate));
    this.#next();
    const result = this.firmware.call(this, conduit, immediate);
    this.exits.enter('hypercall');
    return result === 'stop' || this.#stopping ? (this.#on ? VcpuExit.Stop : VcpuExit.Off) : undefined;
  }

  #systemAccess(info: number): void {
    this.exits.leave('sysreg', syndrome(ExceptionClass.SystemRegister, systemRegisterIss(info)));
    // A write to an unmapped address by cache maintenance faults at this instruction.
    this.#touchFault = false;
    const result = this.#system.access(info);
    if (result === SystemResult.Undefined) this.#undefined();
    else if (result === SystemResult.Unsupported) this.#unsupportedRegister();
    else if (result === SystemResult.Trapped) this.#systemTrap(info);
    else if (this.#touchFault) this.#takeAccessFault(true);
    else this.#next();
    this.exits.enter('sysreg');
  }

  #touchFault = false;

  #touch(va: bigint): boolean {
    const touched = this.#memoryPort.touch(Number(va & 0xffff_ffffn), Number(va >> 32n));
    this.#touchFault = !touched;
    return touched;
  }

  #systemTrap(info: number): void {
    this.#takeSynchronous(ExceptionClass.SystemRegister, systemRegisterIss(info), 'systemRegister');
  }

  /** MSR (immediate). */
  #pstate(info: number): void {
    const { state } = this;
    const field = info & 0xf0f ? ((info >>> 8) << 4) | (info & 15) : 0;
    const value = (info >>> 4) & 15;
    const el0Masks = state.el === 0 && (field === 0x36 || field === 0x37);
    if (el0Masks && !(state.u32(Sys.SCTLR_EL1) & Sctlr.UMA)) {
      this.#systemTrap(
        (0 << 21) | (((0 << 14) | ((info >>> 8) << 11) | (4 << 7) | (value << 3) | (info & 7)) << 5) | 31,
      );
      return;
    }
    if (field === 0x05 && state.el !== 0) this.#exceptions.selectSp(value & 1);
    else if (field === 0x36) state.setU32(State.daif, state.u32(State.daif) | (value << 6));
    else if (field === 0x37) state.setU32(State.daif, state.u32(State.daif) & ~(value << 6));
    else {
      this.#undefined();
      return;
    }
    this.#next();
  }

  // --- exceptions ---

  #takeInterrupt(vector: Vector, kind: string): void {
    if (hasTaps(this.hooks.interruptTaken)) this.hooks.interruptTaken.call({ vcpu: this, kind, pc: this.pc });
    this.exits.leave('interrupt', 0);
    const { lo, hi } = this.#pcFault ?? { lo: this.state.pcLo, hi: this.state.pcHi };
    this.#pcFault = undefined;
    this.#exceptions.take(vector, lo, hi);
    this.exits.enter('interrupt');
  }

  #takeSynchronous(ec: ExceptionClass, iss: number, kind: string, immediate?: number, disassembly?: string): void {
    if (this.#trapHandled(ec, iss, kind, immediate, disassembly)) return;
    this.#takeHere(ec, iss);
  }

  /** A synchronous exception that returns to the present instruction. */
  #takeHere(ec: ExceptionClass, iss: number): void {
    const { lo, hi } = this.#pcFault ?? { lo: this.state.pcLo, hi: this.state.pcHi };
    this.#exceptions.takeSynchronous(ec, iss, lo, hi);
  }

  /** Whether a tap did the work of what trapped. */
  #trapHandled(ec: ExceptionClass, iss: number, kind: string, immediate?: number, disassembly?: string): boolean {
    const hook = this.hooks.trap.get(kind);
    if (!hook || !hasTaps(hook)) return false;
    const before = this.state.u32(State.ip);
    const event = { vcpu: this, kind, syndrome: syndrome(ec, iss), pc: this.pc, immediate, disassembly };
    if (hook.call(event) !== 'handled') return false;
    if (this.state.u32(State.ip) === before && kind !== 'svc') this.#next();
    return true;
  }

  #undefined(): void {
    if (this.#undefinedHandled()) return;
    this.#takeHere(ExceptionClass.Unknown, 0);
  }

  #undefinedHandled(): boolean {
    if (!hasTaps(this.hooks.trap.for('undefined'))) return false;
    return this.#trapHandled(ExceptionClass.Unknown, 0, 'undefined', undefined, this.#instructionText());
  }

  #instructionText(): string {
    return this.disassemble(this.code.wordAt(this.state.u32(State.ip)));
  }

  /** An encoding without a row: not allocated, or not implemented. */
  #unimplemented(): void {
    const word = this.code.wordAt(this.state.u32(State.ip));
    this.onUnimplemented(word, this.disassemble(word));
    const policy = isPermanentlyUndefined(word) ? 'fail' : this.services.unsupported.instruction;
    this.#retire();
    if (this.#undefinedHandled()) return;
    if (policy === 'ignore') this.#stepOver();
    else if (policy === 'abort') this.#abort('instruction', this.#instructionText());
    else this.#takeHere(ExceptionClass.Unknown, 0);
  }

  /** A system register that the architecture may have, and this vCPU has not. */
  #unsupportedRegister(): void {
    if (this.#undefinedHandled()) return;
    const policy = this.services.unsupported.register;
    if (policy === 'ignore') {
      const word = this.code.wordAt(this.state.u32(State.ip));
      if (isRegisterRead(word)) this.state.setX(word & 31, ALL_ONES);
      this.#stepOver();
    } else if (policy === 'abort') {
      const note = higherLevelNote(this.code.wordAt(this.state.u32(State.ip)));
      this.#abort('register', `${this.#instructionText()}${note === undefined ? '' : `: ${note}`}`);
    } else this.#takeHere(ExceptionClass.Unknown, 0);
  }

  /** Goes on behind an instruction that does nothing. */
  #stepOver(): void {
    this.#next();
    this.#stepDone = true;
  }

  /** Ends the VM at the present instruction. */
  #abort(kind: UnsupportedKind, what: string): void {
    this.#terminate(`vCPU ${this.index} met an unsupported ${kind} at 0x${this.pc.toString(16)}: ${what}`);
  }

  #terminate(reason: string): void {
    this.#stopping = true;
    this.services.request({ kind: 'terminate', exitCode: VmExitCode.Unsupported, reason });
  }

  /** Told of each instruction without a row: the machine reports each encoding once. */
  onUnimplemented: (word: number, text: string) => void = () => undefined;

  /** Told when the vCPU does nothing but take exceptions, again and again while that lasts. */
  onEndlessFaults: () => void = () => undefined;

  /** Other vCPUs, which may help, get the rest of the turn. */
  #faultsEndlessly(inARow: number): void {
    this.#stopping = true;
    if (inARow % FaultLoop.limit === 0) this.onEndlessFaults();
  }

  #takeAccessFault(maintenance = false): void {
    this.#retire();
    const { lo, hi, access, status, physical } = this.#memoryPort.fault;
    const lower = this.state.el === 0;
    const watched = status === (FaultStatus.Debug as number);
    const base = watched ? ExceptionClass.WatchpointLower : ExceptionClass.DataAbortLower;
    const ec = lower ? base : base + 1;
    // Cache maintenance reports CM, and WnR as for a write.
    const iss = status | (maintenance ? 0x140 : access === 'write' ? 0x40 : 0);
    if (!watched && this.#faultHandled(access, lo, hi, physical, syndrome(ec, iss))) return;
    if (this.#abortsReference(status)) this.#abort('reference', `${access} of ${hexadecimal(physical)}`);
    else this.#exceptions.takeAbort(ec, iss, this.state.pcLo, this.state.pcHi, lo, hi);
  }

  /** A write that a tap might have taken, but did not: the store is done but for its effect. */
  #takeLateAbort(): void {
    this.state.setU32(State.ip, this.state.u32(State.ip) - RECORD_BYTES);
    this.#takeAccessFault();
  }

  #takeFetchFault(): void {
    this.#retire();
    const { lo, hi, status } = this.#pcFault as { lo: number; hi: number; status: number };
    const lower = this.state.el === 0;
    const alignment = status === (FaultStatus.Alignment as number);
    const ec = alignment
      ? ExceptionClass.PcAlignment
      : lower
        ? ExceptionClass.InstructionAbortLower
        : ExceptionClass.InstructionAbortSame;
    const iss = alignment ? 0 : status;
    if (this.#faultHandled('execute', lo, hi, -1, syndrome(ec, iss))) {
      this.#pcFault = undefined;
      return;
    }
    if (this.#abortsReference(status)) {
      this.#abort('reference', `no code is at ${hexadecimal(join(lo, hi))}`);
      return;
    }
    this.#pcFault = undefined;
    this.#exceptions.takeAbort(ec, iss, lo, hi, lo, hi);
  }

  /** Whether a fault says that nothing is at an address, and that this ends the VM. */
  #abortsReference(status: number): boolean {
    return status === (FaultStatus.ExternalAbort as number) && this.services.unsupported.reference === 'abort';
  }

  #faultHandled(access: Access, lo: number, hi: number, physical: number, esr: number): boolean {
    const hook = this.hooks.memoryFault;
    if (!hasTaps(hook)) return false;
    const external = (esr & 0x3f) === (FaultStatus.ExternalAbort as number);
    const event = {
      vcpu: this,
      stage: external ? 2 : 1,
      access,
      address: join(lo, hi),
      physical: physical < 0 ? undefined : physical,
      syndrome: esr,
      pc: this.pc,
    } as const;
    if (hook.call(event) !== 'handled') return false;
    // A tap that says so without doing anything about it would let the vCPU fault for ever.
    const { pc } = event;
    this.faults.note(esr, Number(pc & 0xffff_ffffn), Number(pc >> 32n), lo, hi, this.state.el);
    return true;
  }

  /**
   * Counts the present instruction, which generated code has not counted. An exception instead of an instruction takes an
   * instruction's time: a guest that only faults uses up its turn, too.
   */
  #retire(): void {
    const { state } = this;
    const counter = state.u32(State.left) !== 0 ? State.left : State.stolen;
    state.setU32(counter, Math.max(0, state.u32(counter) - 1));
  }

  // --- software step (Arm ARM D2.12) ---

  #stepActive(): boolean {
    return stepActive(this.state, this.#system.osLocked);
  }

  #takeBreakpoint(): void {
    this.#retire();
    const ec = this.state.el === 0 ? ExceptionClass.BreakpointLower : ExceptionClass.BreakpointSame;
    this.#takeSynchronous(ec, BREAKPOINT_ISS, 'hardwareBreakpoint');
  }

  #softwareStep(iss: StepIss): void {
    const ec = this.state.el === 0 ? ExceptionClass.SoftwareStepLower : ExceptionClass.SoftwareStepSame;
    this.#takeSynchronous(ec, iss, 'softwareStep');
  }

  // --- fetch ---

  /** The page under the vCPU has been mapped elsewhere. */
  #refetch = false;

  #fetchAgain(): void {
    this.#refetch = false;
    if (!this.#pcFault) this.#jump(this.state.pc);
  }

  /** Sets the program counter. A fetch that faults is taken when the run loop comes to it. */
  #jump(target: bigint): void {
    const top = BigInt.asIntN(64, target) >> 55n;
    const pc = top === 0n || top === -1n ? target : this.#mmu.branchTarget(target);
    this.#jumpTo(Number(pc & 0xffff_ffffn), Number(pc >> 32n));
  }

  /** A jump to an address in two halves, of which bits 63–55 are mostly alike. */
  #transfer(lo: number, hi: number): void {
    const top = hi >> 23;
    if (top === 0 || top === -1) this.#jumpTo(lo, hi);
    else this.#jump(join(lo, hi));
  }

  #jumpTo(lo: number, hi: number): void {
    this.#pcFault = undefined;
    if (lo & 3) {
      this.#pcFault = { lo, hi, status: FaultStatus.Alignment };
      return;
    }
    const { state } = this;
    const bank = state.u32(State.bank);
    const code = this.tlb.codeFor(bank, lo, hi) || this.#fetch(bank, lo, hi);
    if (code === 0) return;
    const ip = code + (lo & 0xffc) * 4;
    state.setU32(State.ip, ip);
    const bias = lo - (ip >>> 2);
    state.setU32(State.pcBias, bias >>> 0);
    state.setU32(State.pcBias + 4, (bias < 0 ? hi - 1 : hi) >>> 0);
  }

  #fetch(bank: number, lo: number, hi: number): number {
    const mmu = this.#mmu;
    if (!mmu.translate(lo, hi, 'execute', this.state.el !== 0)) {
      this.#pcFault = { lo, hi, status: mmu.fault };
      return 0;
    }
    const page = pageOf(mmu.physical);
    const region = this.services.map.find(page);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom')) {
      this.#pcFault = { lo, hi, status: FaultStatus.ExternalAbort };
      return 0;
    }
    const code = this.code.codeOf(page, region);
    const e = this.tlb.entry(bank, lo, hi, mmu.local);
    this.tlb.setAddend(e, lo, region.offset + (page - region.base));
    this.tlb.setCode(e, code);
    this.tlb.setTag(e, TlbEntry.execTag, lo, hi);
    if (mmu.blockBits > 12) this.tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    return code;
  }

  protect(pageOffset: number, writer: number): void {
    this.tlb.protect(pageOffset, writer);
  }

  dropCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
  }

  leaveCode(start: number, end: number): void {
    this.tlb.dropCode(start, end);
    // The record behind the page's last one belongs to the page.
    if (this.ip >= start && this.ip < end) this.#refetch = true;
  }

  #selectBanks(): void {
    const { state, tlb } = this;
    this.#mmu.refresh();
    const { asid, enabled } = this.#mmu;
    const bank = selectBank(tlb, state.el !== 0, enabled, asid);
    state.setU32(State.bank, bank);
    state.setU32(State.unprivilegedBank, state.el === 0 ? bank : selectBank(tlb, false, enabled, asid, bank));
  }
}

/** SCTLR_EL1 at reset: its RES1 bits (Arm ARM D19.2.118). */
/** Faults that the engine finds. */
const FAULTS: EngineFaults = {
  alignment: FaultStatus.Alignment,
  external: FaultStatus.ExternalAbort,
  watchpoint: FaultStatus.Debug,
};
const NO_REGIONS: RegionTotals = { instructions: 0, entries: 0 };
const SCTLR_RESET = 0x30d0_0800n;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
/** UDF (Arm ARM C6.2.388): undefined for good, however much a VM implements. */
const isPermanentlyUndefined = (word: number): boolean => word >>> 16 === 0;
/** Bit L of MRS and MSR (register). */
const isRegisterRead = (word: number): boolean => ((word >>> 21) & 1) === 1;
const hexadecimal = (address: number | bigint): string => `0x${address.toString(16)}`;
const WFX_ISS = (1 << 24) | (0xe << 20);
const FP_ACCESS_ISS = (1 << 24) | (0xe << 20);
/** SYS encoding of DC ZVA without Rt. */
const DC_ZVA_INFO = ((1 << 14) | (3 << 11) | (7 << 7) | (4 << 3) | 1) << 5;
