import type { Clock } from '@qvm/core/vdev';
import type { ApicBusPort } from '../bus-port.js';
import { ASSERT, deliveryMode, DeliveryMode, FIRST_LEGAL_VECTOR, LEVEL, VECTOR_MASK } from '../message.js';
import type { ApicVcpu } from '../vcpu.js';
import { ApicBase, ModeChange } from './apic-base.js';
import type { ApicFeatures } from './apic-base.js';
import { ApicTimer } from './apic-timer.js';
import type { TimerUser } from './apic-timer.js';
import { ApicAddress } from './destination.js';
import { ApicError, ErrorStatus } from './error-status.js';
import { InterruptCommand } from './interrupt-command.js';
import { LVT_TIMER_MODE_SHIFT, LVT_TSC_DEADLINE, LocalVectorTable, LvtEntry } from './local-vector-table.js';
import type { LintPin } from './local-vector-table.js';
import { PriorityUnit } from './priority.js';
import { VcpuRequests } from './vcpu-requests.js';

/** Spurious-interrupt vector register (SDM 3A, 10.9). */
export const SVR_ENABLED = 1 << 8;
export const SVR_SUPPRESS_EOI = 1 << 12;
export const SVR_MASK = VECTOR_MASK | SVR_ENABLED | SVR_SUPPRESS_EOI;
const SVR_RESET = 0xff;

/** A vCPU that is not there yet. */
const NO_VCPU: ApicVcpu = { kick: () => undefined, timeOfTsc: () => Infinity };

/**
 * The state and the rules of a local APIC (SDM 3A, chapter 10), without the two interfaces of its registers.
 *
 * @experimental
 */
export abstract class ApicCore implements TimerUser {
  /** Index of the vCPU, which is its APIC ID. */
  readonly id: number;
  /** CPUID.1:ECX.TSC_Deadline. */
  readonly hasTscDeadline: boolean;
  /** @internal */
  readonly base: ApicBase;
  /** @internal */
  readonly address: ApicAddress;
  /** @internal */
  readonly command: InterruptCommand;
  /** @internal */
  readonly errors = new ErrorStatus();
  /** @internal */
  readonly lvt = new LocalVectorTable();
  /** @internal */
  readonly priority = new PriorityUnit();
  /** @internal */
  readonly pending: VcpuRequests;
  /** @internal */
  readonly timer: ApicTimer;
  readonly #bus: ApicBusPort;
  #vcpu = NO_VCPU;
  #svr = SVR_RESET;
  #requests = 0;

  constructor(id: number, bus: ApicBusPort, clock: Clock, features: ApicFeatures) {
    const bootstrap = id === 0;
    this.id = id;
    this.hasTscDeadline = features.tscDeadline ?? true;
    this.#bus = bus;
    this.base = new ApicBase(bootstrap, features);
    this.address = new ApicAddress(id);
    this.command = new InterruptCommand(bus);
    this.pending = new VcpuRequests(bootstrap);
    this.timer = new ApicTimer(clock, `apic ${id}`, this);
  }

  /** Connects the vCPU that takes the requests. Startup only. */
  connect(vcpu: ApicVcpu): void {
    this.#vcpu = vcpu;
  }

  /** The requests that wait to be taken: bits of `ApicRequest`; 0 when there is none. Cheap. */
  get requests(): number {
    return this.#requests;
  }

  // --- for the registers ---

  /** IA32_APIC_BASE.EN. */
  get enabled(): boolean {
    return this.base.enabled;
  }

  /** Whether software has enabled the APIC, by bit 8 of the spurious-interrupt vector register. */
  get softwareEnabled(): boolean {
    return (this.#svr & SVR_ENABLED) !== 0;
  }

  /** The task priority register, 8 bits. */
  get taskPriority(): number {
    return this.priority.tpr;
  }

  /** Sets bits 7–0; interrupts may become deliverable. */
  set taskPriority(value: number) {
    this.priority.tpr = value & VECTOR_MASK;
    this.update();
  }

  /** The spurious-interrupt vector register. */
  get spuriousVector(): number {
    return this.#svr;
  }

  /** Sets the implemented bits. Without the enable bit, the local vector table is masked. */
  set spuriousVector(value: number) {
    this.#svr = value & SVR_MASK;
    this.lvt.softwareEnabled = this.softwareEnabled;
    this.timer.schedule();
    this.#localChanged();
  }

  /** Writes an entry of the local vector table. */
  writeLvt(entry: LvtEntry, value: number): void {
    this.lvt.write(entry, this.hasTscDeadline || entry !== LvtEntry.Timer ? value : value & ~LVT_TSC_DEADLINE);
    if (entry === LvtEntry.Timer) this.timer.mode = (this.lvt.read(entry) >>> LVT_TIMER_MODE_SHIFT) & 3;
    this.timer.schedule();
    this.#localChanged();
  }

  /** Ends the highest interrupt in service, and tells the I/O APICs if it was level-triggered (SDM 3A, 10.8.5). */
  endOfInterrupt(): void {
    const vector = this.priority.end();
    if (vector < 0) return;
    this.lvt.end(vector);
    if (this.priority.tmr.has(vector) && (this.#svr & SVR_SUPPRESS_EOI) === 0) this.#bus.endOfInterrupt(vector);
    this.#localChanged();
  }

  /** A fixed interrupt to the own vCPU (SDM 3A, 10.12.11). */
  sendToSelf(vector: number): void {
    if (vector < FIRST_LEGAL_VECTOR) this.fail(ApicError.SendIllegalVector);
    else this.receive(vector | ASSERT);
  }

  /** Sends an interrupt command; `destination` is that of a command without shorthand. */
  sendCommand(low: number, destination: number): void {
    if (!this.command.send(this, low, destination)) this.fail(ApicError.SendIllegalVector);
  }

  /** A write of the error status register: the errors since the last one become visible. */
  updateErrors(): void {
    this.errors.update();
    this.timer.schedule();
  }

  /** Collects an error, and raises the error interrupt if it is the first since the last write of the register. */
  fail(error: ApicError): void {
    if (this.errors.record(error)) this.raise(LvtEntry.Error);
  }

  /** Writes IA32_APIC_BASE; returns false for a general-protection fault. */
  writeBase(low: number, high: number): boolean {
    const change = this.base.write(low, high);
    if (change === ModeChange.Reset) this.resetRegisters();
    else if (change === ModeChange.ToX2apic) this.command.high = 0;
    return change !== undefined;
  }

  // --- for the bus ---

  /** Drives an input: 0 is INTR of the 8259A pair, 1 is NMI. */
  setPin(pin: LintPin, level: boolean): void {
    const rose = level && !this.lvt.pin(pin);
    this.lvt.setPin(pin, level);
    if (rose && this.enabled) this.raise(LvtEntry.Lint0 + pin);
    else if (rose && pin === 1) this.pending.nmi = true;
    this.#localChanged();
  }

  /** Whether a destination selects this APIC. */
  matches(destination: number, logical: boolean): boolean {
    return this.enabled && this.address.matches(destination, logical, this.base.x2apic);
  }

  /** Receives a message that selects this APIC. Returns whether it is accepted. */
  receive(message: number): boolean {
    if (!this.enabled) return false;
    const accepted = this.#accept(deliveryMode(message), message & VECTOR_MASK, (message & LEVEL) !== 0);
    this.update();
    return accepted;
  }

  /** A local interrupt source has an event (SDM 3A, 10.5.1). Level-triggered and external sources count by their level. */
  raise(entry: LvtEntry): void {
    if (this.lvt.isMasked(entry) || this.lvt.isLevel(entry)) return;
    const mode = this.lvt.mode(entry);
    if (mode !== DeliveryMode.ExtInt) this.receive((mode << 8) | (this.lvt.read(entry) & VECTOR_MASK) | ASSERT);
  }

  // --- for the machine ---

  /** Power-on state. */
  reset(): void {
    this.base.reset();
    this.pending.reset();
    this.resetRegisters();
  }

  /**
   * The state in which firmware hands the bootstrap vCPU over: enabled, with the 8259A pair at LINT0 and NMI at LINT1
   * (MultiProcessor Specification 1.4, 3.6.2.2, virtual wire mode). For entries without firmware.
   */
  startVirtualWire(): void {
    this.spuriousVector = SVR_RESET | SVR_ENABLED;
    this.writeLvt(LvtEntry.Lint0, DeliveryMode.ExtInt << 8);
    this.writeLvt(LvtEntry.Lint1, DeliveryMode.Nmi << 8);
  }

  /** Must be called after the parts were restored. */
  refresh(svr: number): void {
    this.#svr = svr;
    this.#requests = 0;
    this.timer.schedule();
    this.update();
  }

  /** Releases the timer. */
  dispose(): void {
    this.timer.dispose();
  }

  // --- for the timer ---

  wantsTimer(): boolean {
    const value = this.lvt.read(LvtEntry.Timer);
    const vector = value & VECTOR_MASK;
    if (this.lvt.isMasked(LvtEntry.Timer)) return false;
    if (vector >= FIRST_LEGAL_VECTOR) return !this.priority.irr.has(vector);
    return (this.errors.collected & ApicError.ReceiveIllegalVector) === 0;
  }

  timerExpired(): void {
    this.raise(LvtEntry.Timer);
  }

  timeOfTsc(count: bigint): number {
    return this.#vcpu.timeOfTsc(count);
  }

  #accept(mode: DeliveryMode, vector: number, level: boolean): boolean {
    switch (mode) {
      case DeliveryMode.Fixed:
      case DeliveryMode.LowestPriority:
        return this.#acceptVector(vector, level);
      case DeliveryMode.Smi:
        return true;
      case DeliveryMode.Nmi:
        return (this.pending.nmi = true);
      case DeliveryMode.Init:
        return (this.pending.init = true);
      case DeliveryMode.StartUp:
        this.pending.receiveStartUp(vector);
        return true;
      case DeliveryMode.ExtInt:
        return (this.pending.external ||= this.softwareEnabled);
      default:
        return false;
    }
  }

  #acceptVector(vector: number, level: boolean): boolean {
    if (!this.softwareEnabled) return false;
    if (vector < FIRST_LEGAL_VECTOR) this.fail(ApicError.ReceiveIllegalVector);
    else this.priority.accept(vector, level);
    return vector >= FIRST_LEGAL_VECTOR;
  }

  /** Whether the interrupt that is due is that of the 8259A pair. */
  protected get isExternal(): boolean {
    return this.enabled ? this.pending.external || this.lvt.external : this.lvt.pin(0);
  }

  /** Takes the interrupt of the 8259A pair. */
  protected acknowledgeExternal(): number {
    this.pending.external = false;
    return this.#bus.acknowledgeExternal();
  }

  /** The registers' state after power-on and after INIT (SDM 3A, 10.4.7). */
  protected resetRegisters(): void {
    this.#svr = SVR_RESET;
    this.address.reset();
    this.command.reset();
    this.errors.reset();
    this.lvt.reset();
    this.priority.reset();
    this.timer.reset();
    this.update();
  }

  /** Follows a change of the local vector table, of a pin, or of what they depend on. */
  #localChanged(): void {
    if (this.lvt.levelDue && this.receive((this.lvt.read(LvtEntry.Lint0) & VECTOR_MASK) | LEVEL | ASSERT)) {
      this.lvt.acceptLevel();
    }
    this.update();
  }

  /** Must be called after a change: computes the requests, and tells the vCPU about new ones. */
  protected update(): void {
    const interrupt = this.isExternal || (this.enabled && this.priority.deliverable >= 0);
    const requests = this.pending.bits(interrupt);
    const fresh = requests & ~this.#requests;
    this.#requests = requests;
    if (fresh !== 0) this.#vcpu.kick();
  }
}
