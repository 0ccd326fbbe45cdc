import { QvmError, type LogLevel } from '@qvm/core';
import { type VmState } from '@qvm/core/host';
import type { VmEnd } from '../worker/messages.js';
import { placeThread, usualPlace, type ThreadPlace } from '../scheduling/thread-placement.js';
import { HostServices } from '../services/host-services.js';
import { HostedVm, type HostedVmOptions } from './hosted-vm.js';

/** Largest number of VMs of one host at a time; each needs a thread and address space. */
const MAX_VMS = 64;
/** Largest number of ended VMs that are remembered for their exit codes. */
const MAX_ENDED = 64;

/**
 * Callbacks for events of a host's VMs.
 *
 * @experimental
 */
export interface VmHostEvents {
  /** The state of a VM has changed. */
  readonly onState?: (vm: HostedVm, from: VmState, to: VmState) => void;
  /** A line of a VM's log. */
  readonly onLog?: (vm: HostedVm, level: LogLevel, message: string) => void;
  /** Information that users of a VM need, such as the path of a PTY. */
  readonly onAnnouncement?: (vm: HostedVm, message: string) => void;
  /** A message of the host's services. */
  readonly onHostLog?: (level: LogLevel, message: string) => void;
  /** An output file of a VM can no longer be written. */
  readonly onOutputLost?: (vm: HostedVm, path: string) => void;
  /** A VM has ended and is not restarted. */
  readonly onEnd?: (vm: HostedVm, end: VmEnd) => void;
}

/**
 * The VMs of one host process, each on a thread of its own. A failure of one VM, of any kind, does not affect the
 * others.
 *
 * @experimental
 */
export class VmHost {
  /** The shared services of its VMs. */
  readonly services: HostServices;
  readonly #events: VmHostEvents;
  readonly #vms = new Map<string, HostedVm>();
  #nextId = 1;
  #home: ThreadPlace | undefined;
  #closing = false;

  constructor(events: VmHostEvents = {}) {
    this.#events = events;
    this.services = new HostServices(events.onHostLog);
  }

  /** All VMs in order of creation; ended ones are included until others replace them. */
  get vms(): readonly HostedVm[] {
    return [...this.#vms.values()];
  }

  /**
   * Makes a VM.
   *
   * @throws QvmError `host.name-taken`, `host.too-many-vms`, `host.closing`; ConfigError, StartError.
   */
  async create(options: HostedVmOptions): Promise<HostedVm> {
    const { name } = options.launch.spec;
    this.#admit(name);
    const vm = new HostedVm(this.#nextId++, this.#atHome(options), this.services.factories, {
      state: (changed, from, to) => this.#events.onState?.(changed, from, to),
      log: (from, level, message) => this.#events.onLog?.(from, level, message),
      announcement: (from, message) => this.#events.onAnnouncement?.(from, message),
      outputLost: (from, path) => this.#events.onOutputLost?.(from, path),
      ended: (gone, end) => this.#events.onEnd?.(gone, end),
    });
    this.#vms.delete(name);
    this.#vms.set(name, vm);
    try {
      await vm.create();
    } catch (error) {
      // A VM that could not be made is not remembered.
      if (this.#vms.get(name) === vm) this.#vms.delete(name);
      throw error;
    }
    this.#forget();
    return vm;
  }

  /**
   * Sets CPUs and priority of the calling thread, which is the host's own, as far as the system allows. VMs that are
   * created later and have no placement of their own run where the host did before.
   *
   * @returns messages about settings that could not be applied.
   */
  place(place: ThreadPlace): readonly string[] {
    this.#home ??= usualPlace();
    return placeThread(place);
  }

  #atHome(options: HostedVmOptions): HostedVmOptions {
    return this.#home === undefined ? options : { ...options, launch: { ...options.launch, home: this.#home } };
  }

  /**
   * A VM by its name or number.
   *
   * @throws QvmError `host.unknown-vm`
   */
  get(name: string): HostedVm {
    const found = this.#vms.get(name) ?? this.vms.find(({ id }) => String(id) === name);
    if (found !== undefined) return found;
    const names = this.vms.map((vm) => vm.name);
    const hint = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
    throw new QvmError('host.unknown-vm', `there is no VM "${name}"; ${hint}`);
  }

  /**
   * Ends everything: presses all power buttons, and cuts the power of VMs that are not off in time. No VM can be made
   * after this.
   *
   * @param timeoutMs - milliseconds; 0 cuts the power at once.
   */
  async shutdown(timeoutMs: number): Promise<void> {
    this.#closing = true;
    const open = this.vms.filter(({ ended }) => !ended);
    await Promise.all(open.map((vm) => endWithin(vm, timeoutMs)));
    this.services.close();
  }

  #admit(name: string): void {
    if (this.#closing) throw new QvmError('host.closing', 'the host is shutting down');
    if (this.#vms.get(name)?.ended === false) {
      throw new QvmError('host.name-taken', `there is a VM "${name}" already`);
    }
    if (this.vms.filter(({ ended }) => !ended).length >= MAX_VMS) {
      throw new QvmError('host.too-many-vms', `a host has at most ${MAX_VMS} VMs`);
    }
  }

  #forget(): void {
    const ended = this.vms.filter((vm) => vm.ended);
    for (const vm of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#vms.delete(vm.name);
  }
}

async function endWithin(vm: HostedVm, timeoutMs: number): Promise<void> {
  if (timeoutMs > 0) {
    const asked = await vm.stop(timeoutMs).then(
      () => true,
      // It has not started, or is ending already.
      () => vm.state === 'stopping',
    );
    if (asked) await Promise.race([vm.end, delay(timeoutMs)]);
  }
  await vm.destroy();
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
