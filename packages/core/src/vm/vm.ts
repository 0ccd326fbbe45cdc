import type { Machine, VmRequest } from '../architecture/architecture.js';
import type { Clock } from '../clock/clock.js';
import { QvmError } from '../errors/qvm-error.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import type { InterruptStatistics } from '../interrupt/interrupt-bus.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import type { PortRegion } from '../memory/io-port-map.js';
import type { PhysicalMap } from '../memory/physical-map.js';
import type { Token } from '../plugin/token.js';
import { POWER_BUTTON } from '../power/power-button.js';
import { collectStats, instructionsOf } from './collect-stats.js';
import { GuestBoot, type BootFiles } from './guest-boot.js';
import { GuestResets } from './guest-resets.js';
import { releaseVm } from './release-vm.js';
import type { StepResult } from './step-result.js';
import type { VcpuScheduler } from './vcpu-scheduler.js';
import { VdevError } from './vdev-error.js';
import type { VdevInstance } from './vdev-instance.js';
import { VdevSaver } from './vdev-saver.js';
import { assembleVm, type AssembledVm } from './vm-assembly.js';
import { VmDriver, type DrivenVm } from './vm-driver.js';
import { endBy, POWER_CUT, startFailed, STOPPED, type VmEnd } from './vm-end.js';
import { VmExitCode, type VmExit } from './vm-exit.js';
import { describeThrown, failureOf } from './vm-failure.js';
import type { VmOptions } from './vm-options.js';
import { VmLifecycle, type VmState } from './vm-state.js';
import type { VmStats } from './vm-stats.js';
import { StepTimes } from './step-times.js';
import type { VdevSnapshot } from './save-vdevs.js';
import { announceTimers } from './timer-hooks.js';
import { VmThread } from './vm-thread.js';

const DEFAULT_STOP_TIMEOUT_MS = 30_000;
const RESET: StepResult = { kind: 'reset' };

/**
 * A virtual machine. Everything happens on the thread that calls it: drive it with {@link Vm.step} (tests, deterministic
 * runs), or let {@link Vm.run} do so in slices on the event loop.
 *
 * @experimental
 */
export class Vm implements DrivenVm {
  /** Name of the VM, for errors, logs and hooks. */
  readonly name: string;
  readonly #options: VmOptions;
  readonly #parts: AssembledVm;
  readonly #thread = new VmThread(() => this.#runnable);
  readonly #scheduler: VcpuScheduler;
  readonly #driver: VmDriver;
  readonly #lifecycle: VmLifecycle;
  readonly #boot: GuestBoot;
  readonly #saver = new VdevSaver(this, () => this.#runTasks());
  #guestStarted = false;
  #stopAsked = false;
  #stepping = false;
  readonly #resets: GuestResets;
  readonly #times: StepTimes;
  #exit: VmExit | undefined;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<VmExit> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Builds the VM in this order: memory, map and RAM, interrupt bus, machine, vdevs (implicit ones first), plugins.
   *
   * @throws `QvmError` with codes of `memory.`, `vm.`, `vdev.`, `plugin.` and of the vdevs and the architecture.
   */
  constructor(options: VmOptions) {
    this.name = options.name;
    this.#options = options;
    this.#lifecycle = new VmLifecycle(options.name, (from, to) => this.#announceState(from, to));
    this.#driver = new VmDriver(this);
    const parts = assembleVm(options, {
      guestStarted: () => this.#guestStarted,
      request: (request) => this.#ask(request),
      post: (task) => this.post(task),
      vdevFailed: (error) => this.#ask(failureOf(error)),
    });
    this.#parts = parts;
    this.#boot = new GuestBoot(parts);
    this.#resets = new GuestResets(options, parts.hooks, parts.clock);
    this.#scheduler = this.#thread.attach(parts.machine.vcpus, parts.clock);
    this.#times = new StepTimes(options.name, parts.hooks.step);
    announceTimers(parts.clock.timers, parts.hooks);
  }

  /** Where in its life the VM is. */
  get state(): VmState {
    return this.#lifecycle.state;
  }

  /** How the VM ended, or `undefined` while it has not. */
  get exit(): VmExit | undefined {
    return this.#exit;
  }

  /** Whether the VM stands still at the host's wish. */
  get paused(): boolean {
    return this.state === 'paused';
  }

  /** The hooks of the VM; plugins get them tap-only. */
  get hooks(): VmHooks {
    return this.#parts.hooks;
  }

  /** The processors. */
  get machine(): Machine {
    return this.#parts.machine;
  }

  /** The assigned ranges of I/O ports, in order of creation; empty for guests of architectures without ports. */
  get ports(): readonly PortRegion[] {
    return this.#parts.ports.regions;
  }

  /** The guest-physical map. */
  get map(): PhysicalMap {
    return this.#parts.map;
  }

  /** The RAM. */
  get guestMemory(): GuestMemory {
    return this.#parts.guestMemory;
  }

  /** The service that the machine, a vdev or the host offers under a token; `undefined` if none does. */
  service<T>(token: Token<T>): T | undefined {
    return this.#parts.service(token);
  }

  /** Virtual time. */
  get clock(): Clock {
    return this.#parts.clock;
  }

  /** The vdevs, in order of creation. */
  get vdevs(): readonly VdevInstance[] {
    return this.#parts.vdevs;
  }

  /** Instructions retired by all vCPUs. */
  get instructions(): number {
    return instructionsOf(this.machine.vcpus);
  }

  /**
   * Loads the guest and makes the VM `running`. A failure makes it `failed` with exit code 64, and is thrown.
   *
   * @throws `QvmError` `vm.illegal-transition`, `hook.tap-failed`, `image.*`.
   */
  async boot(files: BootFiles): Promise<void> {
    this.#lifecycle.apply('start');
    try {
      await this.hooks.beforeStart.promise({ vm: this.name });
      if (this.#exit === undefined) await this.#load(files);
    } catch (cause) {
      if (this.#exit === undefined) this.#end(startFailed(this.name, cause));
      throw cause;
    }
    if (this.#exit !== undefined) return;
    this.#lifecycle.apply('started');
    this.#parts.clock.resume();
  }

  /**
   * Loads the guest as `boot` does, for a check: no hook `beforeStart`, and the VM does not become `running`. To be closed afterwards.
   *
   * @throws `QvmError` as `boot`.
   */
  rehearse(files: BootFiles): Promise<void> {
    return this.#load(files);
  }

  /**
   * Runs the guest on the caller's thread: posted tasks, due timers, then the vCPUs in turn, again and again.
   *
   * @param maxInstructions - about how many instructions to run at most, of all vCPUs together.
   * @param hostDeadline - when to return at the latest, about, in nanoseconds of the host (`hostNanoseconds`).
   * @throws `QvmError` `vm.not-running` when the VM is not booted or is paused, `vm.reentrant` when called from a
   * hook or vdev. Failures inside are not thrown: they end the VM.
   */
  step(maxInstructions: number, hostDeadline?: number): StepResult {
    if (this.#exit !== undefined) return { kind: 'ended', exit: this.#exit };
    if (!this.#runnable) throw new QvmError('vm.not-running', `The VM ${this.name} cannot step: it is ${this.state}.`);
    if (this.#stepping) throw new QvmError('vm.reentrant', `The VM ${this.name} cannot step inside a step of its own.`);
    // A guest that answers the power button by a reset shall end too.
    if (this.#resets.due) return this.state === 'stopping' ? this.#end(STOPPED) : RESET;
    this.#times.begin();
    this.#stepping = true;
    let idle = false;
    try {
      const result = this.#thread.run(maxInstructions, hostDeadline);
      idle = result.kind === 'idle';
      if (this.#exit !== undefined) return { kind: 'ended', exit: this.#exit };
      return result.kind === 'request' ? this.#obey(result.request) : result;
    } catch (thrown) {
      return this.#endByThrown(thrown);
    } finally {
      this.#stepping = false;
      this.#times.end(idle);
    }
  }

  /** How long to wait before a `restart` that is due, in ms of host time: a guest that resets again and again is slowed. */
  get restartPauseMs(): number {
    return this.#resets.pauseMs;
  }

  /**
   * Boots again after the guest's reset, when `step` says so. A failure ends the VM.
   */
  async restart(): Promise<void> {
    if (!this.#resets.due) return;
    try {
      await this.#boot.again();
    } catch (thrown) {
      this.#endByThrown(thrown);
    }
    this.#resets.due = false;
  }

  /**
   * Drives the VM on the event loop until it has ended, then closes it. Calling it again gives the same promise.
   */
  run(): Promise<VmExit> {
    this.#running ??= this.#drive();
    return this.#running;
  }

  /**
   * Stops the guest and its time between two instructions.
   *
   * @throws `QvmError` `vm.illegal-transition`.
   */
  pause(): void {
    this.#lifecycle.apply('pause');
    this.#parts.clock.pause();
    this.#thread.kick();
  }

  /**
   * Lets a paused guest go on.
   *
   * @throws `QvmError` `vm.illegal-transition`.
   */
  resume(): void {
    this.#lifecycle.apply('resume');
    this.#parts.clock.resume();
    this.#driver.wake();
  }

  /**
   * Presses the power button: asks the taps of `powerButton`, then the vdev that offers {@link POWER_BUTTON}. When neither
   * reaches the guest, the VM powers off at once; when the guest does not end by itself in time, the power is cut.
   *
   * @param timeoutMs - milliseconds of host time.
   * @throws `QvmError` `vm.illegal-transition`.
   */
  stop(timeoutMs: number = DEFAULT_STOP_TIMEOUT_MS): void {
    this.#lifecycle.apply('stop');
    this.#parts.clock.resume();
    if (this.#pressPowerButton()) this.#stopTimer = setTimeout(() => this.destroy(), timeoutMs);
    this.#driver.wake();
  }

  /** Cuts the power, exit code 3. Does nothing when the VM has ended. */
  destroy(): void {
    if (this.#exit !== undefined) return;
    this.#end(POWER_CUT);
  }

  /** Runs `task` on the VM's thread between two guest instructions; wakes a sleeping VM. Nothing when the VM has ended. */
  post(task: () => void): void {
    if (this.#exit !== undefined) return;
    this.#thread.post(task);
    if (!this.#saver.taskPosted()) this.#driver.wakeForIo();
  }

  /**
   * Saves the vdevs of a paused VM, in order of creation. Outstanding work of the host for them is completed before,
   * and its results are in guest memory afterwards.
   *
   * @throws `QvmError` `vm.not-paused`, also when it is not any more; `vdev.busy` when a vdev does not come to rest within 10 s;
   * {@link VdevError} when one fails.
   */
  saveVdevs(): Promise<readonly VdevSnapshot[]> {
    return this.#saver.save();
  }

  /**
   * Ends the VM if it has not, runs the `afterStop` hook and releases the vdevs. `run` does so by itself.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Counters. */
  stats(): VmStats {
    const counted = { parts: this.#parts, scheduler: this.#scheduler, times: this.#times, thread: this.#thread };
    return collectStats(counted, { name: this.name, state: this.state, resets: this.#resets.count });
  }

  /** Every interrupt source with its counter. */
  interruptStatistics(): readonly InterruptStatistics[] {
    return this.#parts.bus.statistics();
  }

  get #runnable(): boolean {
    return this.state === 'running' || this.state === 'stopping';
  }

  /** Runs tasks that were posted while the vCPUs are paused. */
  #runTasks(): void {
    try {
      this.#thread.runTasks();
    } catch (thrown) {
      this.#endByThrown(thrown);
    }
  }

  #load(files: BootFiles): Promise<void> {
    this.#guestStarted = true;
    return this.#boot.load(files);
  }

  /** Whether the guest has been told; otherwise the VM will power off. */
  #pressPowerButton(): boolean {
    try {
      if (this.hooks.powerButton.call({ vm: this.name }) === true) return true;
      if (this.service(POWER_BUTTON)?.press() === true) return true;
      this.#stopAsked = true;
      this.#ask({ kind: 'poweroff' });
    } catch (thrown) {
      this.#ask(failureOf(thrown));
    }
    return false;
  }

  #ask(request: VmRequest): void {
    if (this.#exit === undefined) this.#thread.ask(request);
  }

  #obey(request: VmRequest): StepResult {
    if (request.kind !== 'reset') return this.#endBy(request);
    const { fault } = request;
    const end = this.#resets.ask(fault, this.state === 'stopping');
    if (end === undefined && fault !== undefined) this.#parts.logger.log('error', `${this.name}: ${fault}`);
    return end === undefined ? RESET : this.#end(end);
  }

  /** Ends the VM by what was thrown, unless it has ended meanwhile, or a vdev was blamed already. */
  #endByThrown(thrown: unknown): StepResult {
    if (this.#exit !== undefined) return { kind: 'ended', exit: this.#exit };
    const request = this.#thread.takeRequest();
    return this.#endBy(request?.kind === 'terminate' ? request : failureOf(thrown));
  }

  #endBy(request: Exclude<VmRequest, { kind: 'reset' }>): StepResult {
    if (request.kind === 'terminate' && request.cause instanceof VdevError) this.#announceVdevFailure(request.cause);
    return this.#end(endBy(request, this.#stopAsked));
  }

  /** The one place where a VM ends. */
  #end({ exit, failed }: VmEnd): StepResult {
    this.#exit = exit;
    this.#thread.clear();
    clearTimeout(this.#stopTimer);
    this.#parts.clock.pause();
    this.#parts.logger.log(failed ? 'error' : 'info', exit.reason);
    this.#lifecycle.apply(failed ? 'fail' : 'end');
    this.#thread.kick();
    this.#driver.wake();
    return { kind: 'ended', exit };
  }

  #announceState(from: VmState, to: VmState): void {
    this.#saver.interrupt();
    try {
      this.hooks.stateChanged.call({ vm: this.name, from, to });
    } catch (error) {
      this.#parts.logger.log('error', describeThrown(error));
      this.#ask(failureOf(error));
    }
  }

  #announceVdevFailure(error: VdevError): void {
    try {
      this.hooks.vdevFailed.call({ vm: this.name, vdev: error.vdev, error });
    } catch (failed) {
      this.#parts.logger.log('error', describeThrown(failed));
    }
  }

  async #drive(): Promise<VmExit> {
    await this.#driver.run();
    await this.close();
    // The driver returns when a step says that the VM has ended, which it does when there is an exit.
    return this.#exit ?? { exitCode: VmExitCode.UnexpectedError, reason: 'The VM ended without a reason.' };
  }

  async #close(): Promise<void> {
    this.destroy();
    await releaseVm(this.#parts, this.#options, this.#exit);
  }
}
