import type { Finding, VmSpec } from '@qvm/config';
import { QvmError, type LogLevel, VmExitCode } from '@qvm/core';
import { type VmState } from '@qvm/core/host';
import { describeError, exitCodeOf } from '@qvm/sdk';
import type { VmCommand, VmCommands, VmEnd, VmLaunch, VmThreadEvent } from '../worker/messages.js';
import { ConsoleHub } from './console-hub.js';
import { isFailure, RestartBackOff, type RestartPolicy } from './restart-policy.js';
import { ServiceBroker, type Services } from '../services/service-broker.js';
import { VmWorker, type WatchOptions } from './vm-worker.js';

/** Default time for a guest to shut down after its power button was pressed. */
export const DEFAULT_STOP_TIMEOUT_MS = 30_000;
/** Time for a thread to end after its termination. It takes longer only in a system call that does not return. */
const THREAD_END_MS = 10_000;
const POWER_CUT = 'The power was cut.';

/**
 * Events of a VM.
 *
 * @experimental
 */
export interface HostedVmListener {
  /** The state has changed; `failed` and `stopped` may be followed by another start. */
  state(vm: HostedVm, from: VmState, to: VmState): void;
  /** A line of the VM's log. */
  log(vm: HostedVm, level: LogLevel, message: string): void;
  /** Information that the user needs, such as the path of a PTY. */
  announcement(vm: HostedVm, message: string): void;
  /** An output file of the VM can no longer be written. */
  outputLost?(vm: HostedVm, path: string): void;
  /** The VM has ended finally. */
  ended(vm: HostedVm, end: VmEnd): void;
}

/**
 * Options for a VM of a host.
 *
 * @experimental
 */
export interface HostedVmOptions {
  /** The VM, and how it runs. */
  readonly launch: VmLaunch;
  /** Default `never`. */
  readonly restart?: RestartPolicy;
  /** How its thread is watched. Default: the defaults of `WatchOptions`. */
  readonly watch?: WatchOptions;
}

/** One run of a VM: its thread, and its resources of the host. */
interface Run {
  readonly worker: VmWorker;
  readonly broker: ServiceBroker;
}

/**
 * A VM of a host, from its creation to its final end, including restarts. The VM itself runs on a thread of its own.
 *
 * @experimental
 */
export class HostedVm {
  /** Number of the VM in its host, from 1. */
  readonly id: number;
  /** Name of the VM, unique in its host. */
  readonly name: string;
  /** The specification that it is made from, at each start anew. */
  readonly spec: VmSpec;
  /** After which ends it is started again. */
  readonly restart: RestartPolicy;
  /** Settles when the VM has ended finally. Never rejects. */
  readonly end: Promise<VmEnd>;
  readonly #options: HostedVmOptions;
  readonly #services: Services;
  readonly #listener: HostedVmListener;
  readonly #backOff: RestartBackOff;
  readonly #consoles = new Map<string, ConsoleHub>();
  #settle: (end: VmEnd) => void = () => undefined;
  #run: Run | undefined;
  #state: VmState = 'created';
  #lastEnd: VmEnd | undefined;
  #over = false;
  #stuck = false;
  #wanted = false;
  #restarts = 0;
  #startedAt = 0;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #warnings: readonly Finding[] = [];

  /**
   * @param id - number of the VM in its host, from 1 on.
   * @param services - services of the host for VMs.
   */
  constructor(id: number, options: HostedVmOptions, services: Services, listener: HostedVmListener) {
    this.id = id;
    this.name = options.launch.spec.name;
    this.spec = options.launch.spec;
    this.restart = options.restart ?? 'never';
    this.#options = options;
    this.#services = services;
    this.#listener = listener;
    this.#backOff = new RestartBackOff(this.restart);
    this.end = new Promise((resolve) => (this.#settle = resolve));
  }

  /** The VM's state in its life cycle. */
  get state(): VmState {
    return this.#state;
  }

  /** Whether the VM has ended finally. */
  get ended(): boolean {
    return this.#over;
  }

  /** Its last end, if it has ended. */
  get lastEnd(): VmEnd | undefined {
    return this.#lastEnd;
  }

  /** Number of restarts after an end. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether it waits for a restart. */
  get restarting(): boolean {
    return this.#restartTimer !== undefined;
  }

  /** Host time since the last start, milliseconds; 0 while it has not started or has ended. */
  get uptimeMs(): number {
    return this.#run === undefined || this.#startedAt === 0 ? 0 : performance.now() - this.#startedAt;
  }

  /** Whether the VM has ended but its thread has not. A process with such a thread can only be ended by SIGKILL. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Warnings from its creation. */
  get warnings(): readonly Finding[] {
    return this.#warnings;
  }

  /** The console of a stream: `stdio`, or the name after `stream:` in a vdev's `hostdev`. */
  console(stream: string): ConsoleHub {
    const hub = this.#consoles.get(stream) ?? new ConsoleHub();
    this.#consoles.set(stream, hub);
    return hub;
  }

  /**
   * Makes the VM on a new thread and checks everything. A failure ends it.
   *
   * @throws ConfigError, StartError, QvmError `host.vm-lost`
   */
  async create(): Promise<void> {
    try {
      this.#warnings = await this.#make();
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  /**
   * Starts the guest.
   *
   * @throws QvmError `vm.illegal-transition`; StartError when the image cannot be booted; the VM has ended in that
   * case.
   */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#startedAt = performance.now();
    try {
      await this.request('start', undefined);
    } catch (error) {
      this.#wanted = false;
      throw error;
    }
  }

  /** Sends a command to the VM's thread; see `VmCommands`. */
  async request<K extends VmCommand>(command: K, params: VmCommands[K]['params']): Promise<VmCommands[K]['result']> {
    if (this.#run !== undefined) return this.#run.worker.request(command, params);
    const verb: Partial<Record<VmCommand, string>> = { start: 'start', pause: 'pause', resume: 'resume', stop: 'stop' };
    const what = verb[command];
    throw new QvmError(
      what === undefined ? 'host.vm-lost' : 'vm.illegal-transition',
      what === undefined
        ? `the VM ${this.name} has ended: it is ${this.#state}`
        : `The VM ${this.name} cannot ${what}: it is ${this.#state}.`,
    );
  }

  /**
   * Presses the power button; cuts the power if the guest does not shut down in time. There are no restarts afterwards.
   *
   * @throws QvmError `vm.illegal-transition`
   */
  async stop(timeoutMs: number = DEFAULT_STOP_TIMEOUT_MS): Promise<void> {
    this.#wanted = false;
    if (this.#cancelRestart()) return;
    await this.request('stop', { timeoutMs });
  }

  /**
   * Cuts the power, even if the VM's thread does not answer. There are no restarts afterwards. Resolves when the VM
   * has ended.
   */
  async destroy(graceMs = 2_000): Promise<VmEnd> {
    this.#wanted = false;
    if (this.#cancelRestart() || this.#over) return this.end;
    const run = this.#run;
    const forced = setTimeout(() => this.#finish(run, { exitCode: VmExitCode.PowerCut, reason: POWER_CUT }), graceMs);
    // The end is reported as an event, or follows from the loss of the thread.
    await this.request('destroy', undefined).catch(() => undefined);
    const end = await this.end;
    clearTimeout(forced);
    return end;
  }

  async #make(): Promise<readonly Finding[]> {
    const log = (level: LogLevel, message: string): void => this.#listener.log(this, level, message);
    const broker = new ServiceBroker({ spec: this.spec, log }, this.#services);
    const listener = {
      event: (event: VmThreadEvent) => this.#happened(run, event),
      lost: (reason: string, cause: unknown) => this.#lost(run, reason, cause),
    };
    const run: Run = { worker: new VmWorker(listener, broker.parts, this.#options.watch), broker };
    this.#run = run;
    this.#setState('created');
    return (await run.worker.request('create', this.#options.launch)).warnings;
  }

  #happened(run: Run, event: VmThreadEvent): void {
    if (run !== this.#run) return;
    switch (event.event) {
      case 'state':
        this.#setState(event.to);
        return;
      case 'console':
        this.console(event.stream).write(event.bytes);
        run.worker.taken(event.stream, event.bytes.length);
        return;
      case 'log':
        this.#listener.log(this, event.level, event.message);
        return;
      case 'announcement':
        this.#listener.announcement(this, event.message);
        return;
      case 'outputLost':
        this.#listener.outputLost?.(this, event.path);
        return;
      case 'end':
        this.#finish(run, event.end);
    }
  }

  #lost(run: Run, reason: string, cause: unknown): void {
    const why = cause === undefined ? {} : { cause: describeError(cause) };
    this.#finish(run, { exitCode: VmExitCode.UnexpectedError, reason: `The VM's thread ${reason}.`, ...why });
  }

  async #fail(error: unknown): Promise<void> {
    const end = {
      exitCode: exitCodeOf(error),
      reason: `The VM ${this.name} could not be made.`,
      cause: describeError(error),
    };
    this.#wanted = false;
    this.#finish(this.#run, end);
    await this.end;
  }

  /** All ends of a run go through this method, which also ends the thread. */
  #finish(run: Run | undefined, end: VmEnd): void {
    if (run === undefined || run !== this.#run) return;
    this.#run = undefined;
    this.#lastEnd = end;
    const failed = isFailure(end) || end.exitCode >= VmExitCode.StartFailed;
    if (this.#state !== 'stopped' && this.#state !== 'failed') this.#setState(failed ? 'failed' : 'stopped');
    // Its memory and resources may be reused only after the thread has ended.
    void run.worker.exited.then(() => {
      run.broker.close();
      this.#stuck = false;
    });
    void run.worker.terminate(this.#options.watch?.endMs ?? THREAD_END_MS).then((gone) => {
      if (gone) this.#afterRun(end);
      else this.#leave(end);
    });
  }

  /** The thread hangs in a system call: for the host the VM has ended, and it is not restarted. */
  #leave(end: VmEnd): void {
    this.#stuck = true;
    this.#wanted = false;
    const message = 'its thread hangs in a call to the system; what it has of the host stays taken until that ends';
    this.#listener.log(this, 'error', message);
    this.#endForGood(end);
  }

  #afterRun(end: VmEnd): void {
    const delay = this.#wanted ? this.#backOff.next(end, performance.now() - this.#startedAt) : undefined;
    if (delay === undefined) {
      this.#endForGood(end);
      return;
    }
    this.#listener.log(this, 'warn', `${end.reason} It starts again in ${(delay / 1000).toFixed(1)} s.`);
    this.#restartTimer = setTimeout(() => void this.#startAgain(), delay);
  }

  async #startAgain(): Promise<void> {
    this.#restartTimer = undefined;
    this.#restarts++;
    try {
      await this.create();
      await this.start();
    } catch (error) {
      // The failed restart is its end and is reported as such.
      this.#listener.log(this, 'error', `it could not be started again: ${describeError(error)}`);
    }
  }

  #cancelRestart(): boolean {
    if (this.#restartTimer === undefined) return false;
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    this.#endForGood(this.#lastEnd ?? { exitCode: VmExitCode.PowerCut, reason: POWER_CUT });
    return true;
  }

  #endForGood(end: VmEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle(end);
    this.#listener.ended(this, end);
  }

  #setState(to: VmState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#listener.state(this, from, to);
  }
}
