import type { AsyncSeriesHook, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable';
import type { DeviceTreeNode } from '../devicetree/device-tree.js';
import type { AccessWidth } from '../memory/memory-region.js';
import type { VcpuView } from '../vcpu/vcpu-view.js';
import type { VmExit } from '../vm/vm-exit.js';
import type { VmState } from '../vm/vm-state.js';
import type { HookKinds } from './kinds.js';
import type { Tappable } from './tappable.js';
import type { VcpuHooks } from './vcpu-hooks.js';
import { createBailHook, createSeriesHook, createSyncHook, createWaterfallHook } from './hook-factory.js';

/**
 * Base of the events: names the VM.
 *
 * @beta
 */
export interface VmEvent {
  /** Name of the VM. */
  readonly vm: string;
}

/**
 * The end of a VM.
 *
 * @beta
 */
export interface VmStoppedEvent extends VmEvent {
  /** How the VM ended. */
  readonly exit: VmExit;
}

/**
 * A change of a VM's {@link VmState}.
 *
 * @beta
 */
export interface VmStateEvent extends VmEvent {
  /** The state before. */
  readonly from: VmState;
  /** The state now. */
  readonly to: VmState;
}

/**
 * A vCPU that was made.
 *
 * @beta
 */
export interface VcpuCreatedEvent {
  /** The vCPU that was made. */
  readonly vcpu: VcpuView;
  /** Its hooks, for tapping. */
  readonly hooks: Tappable<VcpuHooks>;
  /** The kinds and causes of its hooks, with descriptions. */
  readonly kinds: HookKinds;
}

/**
 * A level change of an interrupt input, after its sources were ORed. Valid only during the call.
 *
 * @beta
 */
export interface InterruptEvent {
  /** Number of the interrupt (Arm: INTID); of a message interrupt, its data. */
  readonly number: number;
  /** The vCPU of a private input, `undefined` for a shared one. */
  readonly vcpu: number | undefined;
  /** The source whose change moved the input, or that sent the message. */
  readonly source: string;
  /** It is a message interrupt (MSI): there is no input that is lowered later. */
  readonly message: boolean;
}

/**
 * An access to a guest-physical address without a region. Valid only during the call.
 *
 * @beta
 */
export interface UnmappedAccessEvent {
  /** The vCPU that accesses. */
  readonly vcpu: VcpuView;
  /** Address space of the access: guest-physical memory, or I/O ports. */
  readonly space: 'memory' | 'io';
  /** Guest-physical address, or the port. */
  readonly address: number;
  /** Width of the access in bytes. */
  readonly width: AccessWidth | 8;
  /** Kind of the access. */
  readonly access: 'read' | 'write';
  /** The written value, for widths up to 4. */
  readonly value?: number | undefined;
}

/**
 * The value that the access returns (for a write, `0n` completes it).
 *
 * @beta
 */
export type UnmappedAccessAnswer = bigint;

/**
 * The failure of a vdev.
 *
 * @beta
 */
export interface VdevFailedEvent extends VmEvent {
  /** Name of the instance. */
  readonly vdev: string;
  /** The failure; its `cause` is the error that the vdev threw. */
  readonly error: Error;
}

/**
 * A reset that the guest asked for.
 *
 * @beta
 */
export interface GuestResetEvent extends VmEvent {
  /** Number of times that the guest has reset itself, including this one. */
  readonly count: number;
  /** Whether the VM boots again; otherwise it ends with exit code 0. */
  readonly restart: boolean;
}

/**
 * The beginning or end of a step of the VM. Valid only during the call.
 *
 * @beta
 */
export interface VmStepEvent extends VmEvent {
  /** Whether the step begins or has ended. */
  readonly phase: 'begin' | 'end';
  /** On `end`: whether every vCPU waits, so that the VM sleeps until a timer or input. */
  readonly idle: boolean;
  /** Host time in nanoseconds (`hostNanoseconds`). */
  readonly timestamp: number;
}

/**
 * A timer on the VM's clock. Valid only during the call.
 *
 * @beta
 */
export interface TimerEvent {
  /** Name of the timer, prefixed by that of its vdev or vCPU. */
  readonly name: string;
  /** Virtual time in nanoseconds. */
  readonly deadline: number;
}

/**
 * A mode of the processor.
 *
 * @beta
 */
export interface CodeModeEvent extends VmEvent {
  /** Number of the mode, as the architecture counts them. */
  readonly mode: number;
}

/**
 * Guest code that the engine translated. Valid only during the call.
 *
 * @beta
 */
export interface CodeTranslatedEvent extends VmEvent {
  /**
   * Virtual address of its first instruction, to the precision at which the engine distinguishes addresses (AArch64:
   * the lower 48 bits).
   */
  readonly address: bigint;
  /** `plain`: code that leaves the region at each call. `inlined`: with the called functions copied into it. */
  readonly level: 'plain' | 'inlined';
  /** Number of guest instructions, copies included. */
  readonly instructions: number;
  /** Addresses of the pages that its code comes from, in the form of `address`; that of the first instruction first. */
  readonly pages: readonly bigint[];
  /**
   * A listing of its blocks: successors of each block and its disassembled instructions, one line each. Made at each
   * call.
   */
  text(): readonly string[];
  /** A WebAssembly module with its translation alone. Made at each call, by translating the code again. */
  module(): Uint8Array;
}

/**
 * The hooks of one VM. They run on the VM's thread; taps must not run a vCPU. A tap that throws ends its VM (before
 * the start, it makes the start fail). Tap them in a plugin's `apply`.
 *
 * @beta
 */
export interface VmHooks {
  /**
   * Fires: on `start`, when everything is built and nothing has been loaded.
   * Return: a promise, which the start awaits.
   * A tap may not: start or stop the VM.
   * Order: first of all; `kernelCommandLine`, `deviceTree` and `stateChanged` to `running` follow.
   * Cost: off the run loop.
   */
  readonly beforeStart: AsyncSeriesHook<[VmEvent]>;
  /**
   * Fires: when the VM has ended, before its vdevs are disposed of.
   * Return: a promise, which `run` awaits.
   * A tap may not: start the VM again.
   * Order: after `stateChanged` to `stopped` or `failed`; the last hook of all.
   * Cost: off the run loop.
   */
  readonly afterStop: AsyncSeriesHook<[VmStoppedEvent]>;
  /**
   * Fires: after each change of the VM's state.
   * Return: nothing.
   * A tap may not: change the state.
   * Order: between `beforeStart` and `afterStop` except for the first change (to `starting`).
   * Cost: off the run loop.
   */
  readonly stateChanged: SyncHook<[VmStateEvent]>;
  /**
   * Fires: once for each vCPU while the VM is being built, so that plugins can tap its hooks.
   * Return: nothing.
   * A tap may not: use the vCPU for anything but its hooks.
   * Order: when all plugins have been applied, before `beforeStart`.
   * Cost: off the run loop.
   */
  readonly vcpuCreated: SyncHook<[VcpuCreatedEvent]>;
  /**
   * Fires: at each boot, with the root node of the device tree that the guest will see.
   * Return: a changed tree; `undefined` leaves it as it is.
   * A tap may not: change nodes in place; it returns new ones.
   * Order: after `kernelCommandLine`.
   * Cost: off the run loop.
   */
  readonly deviceTree: SyncWaterfallHook<[DeviceTreeNode]>;
  /**
   * Fires: at each boot, with the kernel command line (empty when there is none).
   * Return: a changed line; `undefined` leaves it as it is.
   * A tap may not: assume that no other tap changes the line.
   * Order: after `beforeStart`, before `deviceTree`.
   * Cost: off the run loop.
   */
  readonly kernelCommandLine: SyncWaterfallHook<[string]>;
  /**
   * Fires: when an interrupt input goes from low to high (also for the edge of a pulse).
   * Return: nothing.
   * A tap may not: drive interrupt lines.
   * Order: before the controller sees the change; `VcpuHooks.interruptTaken` may follow.
   * Cost: a call per change.
   */
  readonly interruptRaised: SyncHook<[InterruptEvent]>;
  /**
   * Fires: when an interrupt input goes from high to low.
   * Return: nothing.
   * A tap may not: drive interrupt lines.
   * Order: before the controller sees the change.
   * Cost: a call per change.
   */
  readonly interruptLowered: SyncHook<[InterruptEvent]>;
  /**
   * Fires: when a step of the VM begins and when it ends: about every millisecond while the guest is busy.
   * Return: nothing.
   * A tap may not: step the VM.
   * Order: around all hooks of vCPUs.
   * Cost: two calls per step.
   */
  readonly step: SyncHook<[VmStepEvent]>;
  /**
   * Fires: when a timer on the VM's clock gets a deadline.
   * Return: nothing.
   * A tap may not: arm or cancel timers.
   * Order: any.
   * Cost: a call per deadline.
   */
  readonly timerArmed: SyncHook<[TimerEvent]>;
  /**
   * Fires: when a timer on the VM's clock is due, before its callback.
   * Return: nothing.
   * A tap may not: arm or cancel timers.
   * Order: inside a step, outside of turns of vCPUs.
   * Cost: a call per timer.
   */
  readonly timerFired: SyncHook<[TimerEvent]>;
  /**
   * Fires: when a vCPU is about to run code of a mode of the processor (of another word size) that the VM has not run
   * before: the interpreter of the mode is compiled next.
   * Return: nothing.
   * A tap may not: step the VM.
   * Order: inside a turn of a vCPU, or before the first step.
   * Cost: off the run loop.
   */
  readonly newCodeMode: SyncHook<[CodeModeEvent]>;
  /**
   * Fires: when the engine has translated hot guest code and will run it from now on; never with the engine `interp`.
   * Return: nothing.
   * A tap may not: write to guest memory.
   * Order: inside a turn of a vCPU.
   * Cost: a call per translation; nothing when translated code runs.
   */
  readonly codeTranslated: SyncHook<[CodeTranslatedEvent]>;
  /**
   * Fires: on a data access to a guest-physical address without a region, and to an I/O port that no vdev has.
   * Return: a value that completes the access; `undefined` leaves it to later taps, and then in memory to an external
   * abort. Ports that nobody answers read as ones and ignore writes.
   * A tap may not: add regions to the map.
   * Order: in memory, before `VcpuHooks.memoryFault`.
   * Cost: a call per such access.
   */
  readonly unmappedAccess: SyncBailHook<[UnmappedAccessEvent], UnmappedAccessAnswer | undefined>;
  /**
   * Fires: when a vdev threw; its VM ends with exit code 6.
   * Return: nothing.
   * A tap may not: revive the VM.
   * Order: before `stateChanged` to `failed`.
   * Cost: off the run loop.
   */
  readonly vdevFailed: SyncHook<[VdevFailedEvent]>;
  /**
   * Fires: when the guest resets its machine.
   * Return: nothing.
   * A tap may not: start or stop the VM.
   * Order: before the machine and vdevs are reset.
   * Cost: off the run loop.
   */
  readonly guestReset: SyncHook<[GuestResetEvent]>;
  /**
   * Fires: when the host presses the power button (`stop`, SIGTERM).
   * Return: `true` when the tap passes the request on to the guest, which then shuts down by itself;
   * `undefined` leaves it to later taps. When no tap takes it, the button
   * of a vdev is pressed (`POWER_BUTTON`); when the guest would not notice that, the VM is powered off at once.
   * A tap may not: end the VM; the guest must have the chance to shut down.
   * Order: before `afterStop`.
   * Cost: off the run loop.
   */
  readonly powerButton: SyncBailHook<[VmEvent], true | undefined>;
}

/**
 * Makes the hooks of one VM. `vm` is part of their names.
 *
 * @experimental
 */
export function createVmHooks(vm: string): VmHooks {
  const name = (hook: string): string => `Vm[${vm}].${hook}`;
  return Object.freeze({
    beforeStart: createSeriesHook<VmEvent>(name('beforeStart')),
    afterStop: createSeriesHook<VmStoppedEvent>(name('afterStop')),
    stateChanged: createSyncHook<VmStateEvent>(name('stateChanged')),
    vcpuCreated: createSyncHook<VcpuCreatedEvent>(name('vcpuCreated')),
    deviceTree: createWaterfallHook<DeviceTreeNode>(name('deviceTree')),
    kernelCommandLine: createWaterfallHook<string>(name('kernelCommandLine')),
    interruptRaised: createSyncHook<InterruptEvent>(name('interruptRaised')),
    interruptLowered: createSyncHook<InterruptEvent>(name('interruptLowered')),
    step: createSyncHook<VmStepEvent>(name('step')),
    timerArmed: createSyncHook<TimerEvent>(name('timerArmed')),
    timerFired: createSyncHook<TimerEvent>(name('timerFired')),
    newCodeMode: createSyncHook<CodeModeEvent>(name('newCodeMode')),
    codeTranslated: createSyncHook<CodeTranslatedEvent>(name('codeTranslated')),
    unmappedAccess: createBailHook<UnmappedAccessEvent, UnmappedAccessAnswer>(name('unmappedAccess')),
    vdevFailed: createSyncHook<VdevFailedEvent>(name('vdevFailed')),
    guestReset: createSyncHook<GuestResetEvent>(name('guestReset')),
    powerButton: createBailHook<VmEvent, true>(name('powerButton')),
  });
}
