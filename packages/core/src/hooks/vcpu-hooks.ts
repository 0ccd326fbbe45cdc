import type { SyncBailHook, SyncHook, TypedHookMap } from 'tapable';
import type { VcpuView } from '../vcpu/vcpu-view.js';
import { createBailHook, createBailHookMap, createSyncHook } from './hook-factory.js';
import type { HookKinds } from './kinds.js';

/**
 * A trap. Valid only during the call.
 *
 * @beta
 */
export interface TrapEvent<Kind extends string = string> {
  /** The vCPU that trapped. */
  readonly vcpu: VcpuView;
  /** One of the architecture's kinds, {@link HookKinds.trap}. */
  readonly kind: Kind;
  /** The exception syndrome as the guest would read it (Arm: `ESR_ELx`; x86: vector in bits 31–24, error code below). */
  readonly syndrome: number;
  /** Address of the instruction. */
  readonly pc: bigint;
  /** The immediate of an instruction that passes one to its handler (Arm: SVC, HVC, SMC, BRK). */
  readonly immediate?: number | undefined;
  /** Virtual address of the access, for traps of memory accesses (Arm: watchpoints). */
  readonly address?: bigint | undefined;
  /** The instruction as text, for kinds in which the encoding matters (undefined instructions, system registers). */
  readonly disassembly?: string | undefined;
}

/**
 * `handled`: the tap has done the work, and no exception is taken. Execution continues after the instruction, unless
 * the tap has changed the program counter ({@link VcpuView.setRegister}) or the kind's description says otherwise.
 *
 * @beta
 */
export type TrapAnswer = 'handled';

/**
 * A call to the hypervisor or firmware (Arm: SMC Calling Convention, DEN0028). Valid only during the call.
 *
 * @beta
 */
export interface HypercallEvent {
  /** The calling vCPU. */
  readonly vcpu: VcpuView;
  /** The instruction of the call. */
  readonly conduit: 'hvc' | 'smc' | 'vmcall' | 'vmmcall';
  /** The immediate of the instruction; 0 in the SMC Calling Convention. */
  readonly immediate: number;
  /** The function identifier, from W0 (x86: EAX). */
  readonly functionId: number;
  /**
   * The arguments, X1 to X6; W1 to W6 of a call in the 32-bit form (immediate 0, bit 30 of `functionId` clear). x86: RBX,
   * RCX, RDX, RSI, RDI, RBP.
   */
  readonly args: readonly bigint[];
}

/**
 * The result registers of a call, from X0 on (x86: RAX, RBX, RCX, RDX); at most four.
 *
 * @beta
 */
export type HypercallResult = readonly bigint[];

/**
 * An access of the guest to memory that failed. Valid only during the call.
 *
 * @beta
 */
export interface MemoryFaultEvent {
  /** The vCPU whose access failed. */
  readonly vcpu: VcpuView;
  /**
   * 1: the guest's own tables refuse the access. 2: nothing is mapped at the guest-physical address, or the access is
   * not allowed (external abort).
   */
  readonly stage: 1 | 2;
  /** Kind of the access; `execute` for an instruction fetch. */
  readonly access: 'read' | 'write' | 'execute';
  /** Virtual address of the access. */
  readonly address: bigint;
  /** Guest-physical address, if stage 1 translation succeeded. */
  readonly physical?: number | undefined;
  /** The exception syndrome as the guest would read it. */
  readonly syndrome: number;
  /** Address of the instruction. */
  readonly pc: bigint;
}

/**
 * Details of a guest's access to a device register or an I/O port.
 *
 * @beta
 */
export interface DeviceAccessDetails {
  /** Guest-physical address, or the port. */
  readonly address: number;
  /** Offset in the vdev's range. */
  readonly offset: number;
  /** Width of the access in bytes. */
  readonly width: number;
  /** Whether the guest writes. */
  readonly write: boolean;
  /** The written value; on `guestEntrance` also the value read. The low 32 bits of a 64-bit access. */
  readonly value: number;
  /** Bits 63–32 of a 64-bit access, else 0. */
  readonly high: number;
}

/**
 * A switch between guest and hypervisor. The object is reused: it is valid only during the call.
 *
 * @beta
 */
export interface GuestExitEvent<Cause extends string = string> {
  /** The vCPU that leaves or enters guest code. */
  readonly vcpu: VcpuView;
  /** One of the architecture's causes, {@link HookKinds.guestExit}. */
  readonly cause: Cause;
  /** Name of the accessed vdev, for `mmio` and `io`. */
  readonly vdev?: string | undefined;
  /** Instructions retired by the vCPU. */
  readonly instructions: number;
  /** Virtual time in nanoseconds. */
  readonly time: number;
  /** Host time in nanoseconds (`hostNanoseconds`); present if the engine measures times. */
  readonly timestamp?: number | undefined;
  /**
   * The reason as a hypervisor on hardware would read it; 0 for interrupts and the end of a turn. Arm: `ESR_EL2`. x86: the
   * basic exit reason of VMX, 0xffff where hardware has none; for exceptions bit 31, the vector in bits 30–24 and the
   * error code below.
   */
  readonly syndrome?: number | undefined;
  /** The access, for `mmio` and `io`. */
  readonly access?: DeviceAccessDetails | undefined;
}

/**
 * An interrupt that a vCPU takes. Valid only during the call.
 *
 * @beta
 */
export interface InterruptTakenEvent<Kind extends string = string> {
  /** The vCPU that takes the interrupt. */
  readonly vcpu: VcpuView;
  /** Kind of its signal: one of the architecture's kinds, {@link HookKinds.interruptTaken}. */
  readonly kind: Kind;
  /** Its number, if the controller knows it by now (Arm: the INTID that an acknowledge would return). */
  readonly number?: number | undefined;
  /** Address of the first instruction that was not executed. */
  readonly pc: bigint;
}

/**
 * State of a vCPU, for display.
 *
 * @beta
 */
export type VcpuState = 'off' | 'ready' | 'running' | 'halted';

/**
 * A change of {@link VcpuState}. Valid only during the call.
 *
 * @beta
 */
export interface VcpuStateEvent {
  /** The vCPU whose state changed. */
  readonly vcpu: VcpuView;
  /** The state before. */
  readonly from: VcpuState;
  /** The state now. */
  readonly to: VcpuState;
  /** Host time in nanoseconds (`hostNanoseconds`). */
  readonly timestamp: number;
}

/**
 * The hooks of one vCPU. They run on its thread, between two guest instructions; taps must not run a vCPU, wait, or
 * keep the event. A hook without taps costs nothing. Tap before the VM starts, because translated code depends on
 * which hooks are tapped. A tap that throws ends its VM with exit code 7.
 *
 * @beta
 */
export interface VcpuHooks<
  Trap extends string = string,
  Exit extends string = string,
  Interrupt extends string = string,
> {
  /**
   * Fires: when an instruction traps, before the guest's exception is taken; one hook for each kind in {@link
   * HookKinds.trap} of the architecture. `for` throws a `QvmError` `hook.kind` for any other kind.
   * Return: `handled` stops the exception; `undefined` leaves it to later taps and then to the architecture.
   * A tap may not: change memory mappings of the guest without telling the engine.
   * Order: between `guestExit` and `guestEntrance`; for kinds that are calls, `hypercall` comes after it.
   * Cost: a call per trap, about 0.1 µs.
   */
  readonly trap: TypedHookMap<Record<Trap, SyncBailHook<[TrapEvent<Trap>], TrapAnswer | undefined>>>;
  /**
   * Fires: on calls to the hypervisor or firmware (Arm: HVC and SMC at EL1) that no `trap` tap handled.
   * Return: the result registers; `undefined` leaves the call to the architecture (PSCI) and then to "not supported".
   * A tap may not: wait; long work must end later with an interrupt.
   * Order: after `trap`, before `guestEntrance`.
   * Cost: a call and an array of arguments per hypercall.
   */
  readonly hypercall: SyncBailHook<[HypercallEvent], HypercallResult | undefined>;
  /**
   * Fires: on an access that the guest's own translation refuses, or that finds nothing at its guest-physical address,
   * before the guest's exception is taken.
   * Return: `handled` stops the exception, and the access or fetch is repeated, unless a tap has changed the program
   * counter.
   * A tap may not: access guest memory in a way that faults again.
   * Order: between `guestExit` and `guestEntrance`; for stage 2 after `VmHooks.unmappedAccess`.
   * Cost: a call per fault; page faults of a busy guest are frequent.
   */
  readonly memoryFault: SyncBailHook<[MemoryFaultEvent], TrapAnswer | undefined>;
  /**
   * Fires: when the vCPU leaves guest code for one of the causes in {@link HookKinds.guestExit} of the architecture.
   * Return: nothing.
   * A tap may not: change the guest.
   * Order: first of all hooks of an exit; `guestEntrance` ends it. Exits do not nest. An exit that ends a turn lasts
   * until the next turn.
   * Cost: a call per exit; register accesses of devices make exits.
   */
  readonly guestExit: SyncHook<[GuestExitEvent<Exit>]>;
  /**
   * Fires: when the vCPU continues with guest code after an exit; same cause as its `guestExit`.
   * Return: nothing.
   * A tap may not: change the guest.
   * Order: last of all hooks of an exit.
   * Cost: as `guestExit`.
   */
  readonly guestEntrance: SyncHook<[GuestExitEvent<Exit>]>;
  /**
   * Fires: when the vCPU takes an interrupt exception.
   * Return: nothing.
   * A tap may not: raise or lower interrupts.
   * Order: after `VmHooks.interruptRaised`; between `guestExit` and `guestEntrance`.
   * Cost: a call per interrupt.
   */
  readonly interruptTaken: SyncHook<[InterruptTakenEvent<Interrupt>]>;
  /**
   * Fires: when the vCPU is turned on or off, starts or stops running, or waits.
   * Return: nothing.
   * A tap may not: change the guest.
   * Order: between the `guestExit` that ends a turn and the `guestEntrance` that begins the next one.
   * Cost: two calls per turn of the vCPU.
   */
  readonly stateChanged: SyncHook<[VcpuStateEvent]>;
}

/**
 * Makes the hooks of one vCPU.
 *
 * @param index - number of the vCPU; part of the hooks' names.
 * @param kinds - the kinds and causes of its architecture.
 * @experimental
 */
export function createVcpuHooks(index: number, kinds: HookKinds): VcpuHooks {
  const name = (hook: string): string => `Vcpu[${index}].${hook}`;
  return Object.freeze({
    trap: createBailHookMap<string, TrapEvent, TrapAnswer>(name('trap'), Object.keys(kinds.trap)),
    hypercall: createBailHook<HypercallEvent, HypercallResult>(name('hypercall')),
    memoryFault: createBailHook<MemoryFaultEvent, TrapAnswer>(name('memoryFault')),
    guestExit: createSyncHook<GuestExitEvent>(name('guestExit')),
    guestEntrance: createSyncHook<GuestExitEvent>(name('guestEntrance')),
    interruptTaken: createSyncHook<InterruptTakenEvent>(name('interruptTaken')),
    stateChanged: createSyncHook<VcpuStateEvent>(name('stateChanged')),
  });
}
