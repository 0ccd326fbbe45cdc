import type { Json, Token, VmExit } from '@qvm/core';
import { tappable, type VirtualMapping } from '@qvm/core/hooks';
import type { InterruptStatistics, StepResult } from '@qvm/core/host';
import type { Clock, GuestMemory } from '@qvm/core/vdev';
import type { Tappable, VcpuHooks, VmHooks } from '@qvm/core/hooks';
import type { Vm, VmState, VmStats, BootFiles } from '@qvm/core/host';
import type { Finding, VmSpec } from '@qvm/config';
import type { ConsoleSet } from '../console/console-set.js';
import type { ConsoleStream } from '../console/console-stream.js';
import { bootError } from './build-error.js';
import { memoryMapOf, placeOf, type MappedRange, type VdevPlace } from './memory-map.js';

/**
 * How a VM ended: exit code, a sentence, and the error that caused a failure.
 *
 * @experimental
 */
export type ExitRecord = VmExit;

/**
 * The hooks of one vCPU, to tap before the VM starts.
 *
 * @experimental
 */
export interface VcpuHandle {
  /** Number of the vCPU. */
  readonly index: number;
  /** The hooks of the vCPU, to be tapped. */
  readonly hooks: Tappable<VcpuHooks>;
  /** The current registers, by their names in the manual: for debuggers and dumps. */
  registers(): Readonly<Record<string, bigint>>;
  /** Translates a virtual address with the guest's current tables; `undefined` when it is not mapped. */
  translate(virtualAddress: bigint): number | undefined;
  /**
   * All current mappings of the guest's tables, in ascending order of virtual addresses: for core dumps. Empty while
   * translation is off.
   *
   * @param limit - largest number of ranges.
   */
  mappings(limit: number): readonly VirtualMapping[];
}

/**
 * A range of guest RAM or ROM.
 *
 * @experimental
 */
export interface RamRange {
  /** Name of the range, for listings. */
  readonly name: string;
  /** `rom` cannot be written by the guest. */
  readonly kind: 'ram' | 'rom';
  /** Guest-physical address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * One vdev of a VM.
 *
 * @experimental
 */
export interface VdevHandle {
  /** Name in the VM, unique. */
  readonly name: string;
  /** Type of the vdev. */
  readonly type: string;
  /** Its addresses and interrupts. */
  readonly place: VdevPlace;
  /** The vdev's current status. */
  status(): Readonly<Record<string, Json>>;
}

/**
 * A virtual machine from the view of its host program.
 *
 * @experimental
 */
export interface VmHandle {
  /** Name of the VM. */
  readonly name: string;
  /** The VM's state in its life cycle. */
  readonly state: VmState;
  /** The specification that the VM was made from. */
  readonly spec: VmSpec;
  /** Warnings about the configuration. */
  readonly warnings: readonly Finding[];
  /** Settles when the VM has ended and its devices are released. Never rejects. */
  readonly exit: Promise<ExitRecord>;
  /** The hooks of the VM, tap-only. */
  readonly hooks: Tappable<VmHooks>;
  /** The vCPUs, in order of their numbers. */
  readonly vcpus: readonly VcpuHandle[];
  /** The vdevs, in order of creation. */
  readonly vdevs: readonly VdevHandle[];
  /** The VM's virtual time. */
  readonly clock: Clock;
  /** Guest RAM by guest-physical address. */
  readonly memory: GuestMemory;
  /** Ranges of guest RAM and ROM, in ascending order. */
  readonly ram: readonly RamRange[];
  /** All currently occupied ranges of guest-physical memory, in ascending order. */
  readonly map: readonly MappedRange[];
  /** A service that a vdev, the machine or a plugin offers under a token; `undefined` if there is none. */
  service<T>(token: Token<T>): T | undefined;
  /** The console: output and input of the vdev with `hostdev=stdio` (the default for consoles). */
  readonly console: ConsoleStream;
  /** The stream of the vdev with `hostdev=stream:NAME`. */
  stream(name: string): ConsoleStream;
  /**
   * Loads the guest and runs it on the event loop.
   *
   * @throws StartError when the image cannot be booted; the VM has then ended with exit code 64.
   */
  start(): Promise<void>;
  /**
   * Loads the guest for a program that runs it by `step`, on the program's own stack. An alternative to `start`.
   *
   * @throws StartError as `start`.
   */
  boot(): Promise<void>;
  /** Runs about `maxInstructions` instructions. Only after `boot`. */
  step(maxInstructions: number): StepResult;
  /** Stops the guest and its time. */
  pause(): void;
  /** Resumes a paused guest. Throws `QvmError` `vm.illegal-transition` when the VM is not paused. */
  resume(): void;
  /**
   * Presses the power button; cuts the power if the guest does not shut down in time (milliseconds, 30 s by default).
   */
  stop(timeoutMs?: number): Promise<ExitRecord>;
  /** Cuts the power; the exit code is 3. */
  destroy(): Promise<ExitRecord>;
  /** The current counters. */
  stats(): VmStats;
  /** Every interrupt source with its count. */
  interruptStatistics(): readonly InterruptStatistics[];
  /** Ends the VM if it has not ended, and releases all of its resources. Idempotent. */
  dispose(): Promise<void>;
}

/** A VM and the objects that its controller needs. */
export interface VmControllerParts {
  readonly vm: Vm;
  readonly spec: VmSpec;
  readonly warnings: readonly Finding[];
  readonly files: BootFiles;
  readonly consoles: ConsoleSet;
  /** Called once when the VM has ended. */
  readonly released: () => void;
}

/** Implements the handle for a VM of core. */
export class VmController implements VmHandle {
  readonly name: string;
  readonly spec: VmSpec;
  readonly warnings: readonly Finding[];
  readonly hooks: Tappable<VmHooks>;
  readonly vcpus: readonly VcpuHandle[];
  readonly vdevs: readonly VdevHandle[];
  readonly exit: Promise<ExitRecord>;
  readonly #vm: Vm;
  readonly #consoles: ConsoleSet;
  readonly #released: () => void;
  #files: BootFiles | undefined;
  #settle: (exit: ExitRecord) => void = () => undefined;
  #driven = false;
  #ending: Promise<void> | undefined;

  constructor({ vm, spec, warnings, files, consoles, released }: VmControllerParts) {
    this.#vm = vm;
    this.#files = files;
    this.#consoles = consoles;
    this.#released = released;
    this.name = vm.name;
    this.spec = spec;
    this.warnings = warnings;
    this.hooks = tappable(vm.hooks);
    this.vcpus = vm.machine.vcpus.map((vcpu) => ({
      index: vcpu.index,
      hooks: tappable(vcpu.hooks),
      registers: () => vcpu.registers(),
      translate: (address) => vcpu.translate?.(address),
      mappings: (limit) => vcpu.mappings?.(limit) ?? [],
    }));
    const interrupts = vm.interruptStatistics();
    this.vdevs = vm.vdevs.map((instance) => ({
      name: instance.name,
      type: instance.factory.type,
      place: placeOf(instance, interrupts),
      status: () => instance.run('status', (vdev) => vdev.status()),
    }));
    this.exit = new Promise((resolve) => (this.#settle = resolve));
  }

  get state(): VmState {
    return this.#vm.state;
  }

  get clock(): Clock {
    return this.#vm.clock;
  }

  get memory(): GuestMemory {
    return this.#vm.guestMemory;
  }

  get ram(): readonly RamRange[] {
    return this.#vm.map.regions.flatMap((region) => {
      if ((region.kind !== 'ram' && region.kind !== 'rom') || region.window === true) return [];
      const { name, kind, base, size } = region;
      return [{ name, kind, base, size }];
    });
  }

  get map(): readonly MappedRange[] {
    return memoryMapOf(this.#vm);
  }

  service<T>(token: Token<T>): T | undefined {
    return this.#vm.service(token);
  }

  get console(): ConsoleStream {
    return this.stream('stdio');
  }

  stream(name: string): ConsoleStream {
    return this.#consoles.stream(name);
  }

  async start(): Promise<void> {
    await this.boot();
    this.#driven = true;
    void this.#vm.run().then(() => this.#end());
  }

  async boot(): Promise<void> {
    const files = this.#files;
    try {
      // Without files, the VM has been booted before, which the life cycle refuses with a suitable error.
      await this.#vm.boot(files ?? { image: { name: '', bytes: new Uint8Array(0) } });
    } catch (error) {
      if (this.#vm.exit !== undefined) await this.#end();
      throw bootError(error, this.spec);
    }
    this.#files = undefined;
  }

  step(maxInstructions: number): StepResult {
    const result = this.#vm.step(maxInstructions);
    if (result.kind === 'ended') void this.#end();
    return result;
  }

  pause(): void {
    this.#vm.pause();
  }

  resume(): void {
    this.#vm.resume();
  }

  stop(timeoutMs?: number): Promise<ExitRecord> {
    if (this.#vm.exit === undefined) this.#vm.stop(timeoutMs);
    return this.exit;
  }

  destroy(): Promise<ExitRecord> {
    this.#vm.destroy();
    if (!this.#driven) void this.#end();
    return this.exit;
  }

  stats(): VmStats {
    return this.#vm.stats();
  }

  interruptStatistics(): readonly InterruptStatistics[] {
    return this.#vm.interruptStatistics();
  }

  async dispose(): Promise<void> {
    this.#vm.destroy();
    if (this.#driven) await this.exit;
    else await this.#end();
  }

  #end(): Promise<void> {
    this.#ending ??= this.#close();
    return this.#ending;
  }

  async #close(): Promise<void> {
    await this.#vm.close();
    this.#files = undefined;
    this.#consoles.close();
    this.#released();
    this.#settle(this.#vm.exit ?? { exitCode: 7, reason: 'The VM ended without a reason.' });
  }
}
