import type { AcpiContext, AcpiPart } from '../acpi/acpi-part.js';
import type { Clock } from '../clock/clock.js';
import type { CharacterBackend } from '../console/character-backend.js';
import type { DeviceTreeNode } from '../devicetree/device-tree.js';
import type { InterruptLine, MessageSink } from '../interrupt/interrupt.js';
import type { Logger } from '../log/logger.js';
import type { DeviceMemory } from '../memory/device-memory.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import type { MemoryWindow } from '../memory/memory-window.js';
import type { MmioHandler, PortHandler } from '../memory/memory-region.js';
import type { BoardPlace } from '../board/board.js';
import type { Token } from '../plugin/token.js';
import type { OptionDeclarations } from '../options/option.js';
import type { VdevOptions } from './common-options.js';

/**
 * JSON-compatible data, as `save` and `status` return.
 *
 * @stable
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * A range of registers that a vdev needs. The VM chooses the address: the `base` option for the first range, otherwise
 * the board (`Board.places`). It maps the handler of the same name.
 *
 * @stable
 */
export interface MmioRequest {
  /** Name of the range, for {@link Vdev.mmio}. */
  readonly name: string;
  /** Size in bytes, a multiple of 4. */
  readonly size: number;
}

/**
 * A range of I/O ports that a vdev needs, on machines that have ports (x86). The VM chooses the first port: the `ports`
 * option for the first range, otherwise the board (`Board.places`). It assigns the handler of the same name.
 *
 * An access that lies wholly in the range arrives in one piece, of 1, 2 or 4 bytes; one that leaves it arrives byte by
 * byte.
 *
 * @experimental
 */
export interface PortRequest {
  /** Name of the range, for {@link Vdev.ports}. */
  readonly name: string;
  /** Number of ports, 1 to 65536. */
  readonly size: number;
}

/**
 * The machine that an instance is for, as far as its resources depend on it.
 *
 * @stable
 */
export interface VdevMachine {
  /** Whether the machine has I/O ports. A vdev that can have its registers in either space takes ports there. */
  readonly ioPorts: boolean;
  /**
   * The board's place for a vdev type or a role; `undefined` if there is none. For vdevs whose kind of resources depends on
   * the board, such as VirtIO devices, which can be at one of several buses.
   *
   * @experimental
   */
  place(word: string): BoardPlace | undefined;
}

/**
 * An interrupt that a vdev needs. The VM chooses the number: the `irq` option for the first one, otherwise the board.
 *
 * @stable
 */
export interface InterruptRequest {
  /** Name of the line, for `VdevContext.interrupt`. */
  readonly name: string;
}

/**
 * A window in the guest-physical map that a vdev needs: see {@link MemoryWindow}. The memory of a VM with such a vdev
 * comes from the host's `MemorySource`, if there is one.
 *
 * @stable
 */
export interface WindowRequest {
  /** Name of the window, for `VdevContext.window`. */
  readonly name: string;
  /** Size in bytes, a multiple of 4 KiB. */
  readonly size: number;
  /** Guest-physical address, a multiple of 4 KiB; absent: the VM chooses a multiple of 2 MiB above everything else. */
  readonly base?: number;
  /**
   * The window leads to a bus: only registers are mapped, so that the VM needs no shared memory for it; elsewhere in it,
   * reads give ones and writes have no effect, as on a bus without a device. Default `false`.
   *
   * @experimental
   */
  readonly bus?: boolean;
}

/**
 * Memory that a vdev needs for itself, such as that of a video adapter. It is no RAM of the guest, which reaches what the vdev maps of
 * it in a window.
 *
 * @experimental
 */
export interface MemoryRequest {
  /** Name, for `VdevContext.ownMemory`. */
  readonly name: string;
  /** Size in bytes, a multiple of 64 KiB. */
  readonly size: number;
}

/**
 * Resources that one instance of a vdev needs from its VM.
 *
 * @stable
 */
export interface VdevResources {
  /** Register ranges. */
  readonly mmio?: readonly MmioRequest[];
  /**
   * Ranges of I/O ports. Only for machines that have ports: see the second parameter of {@link VdevFactory.resources}.
   *
   * @experimental
   */
  readonly ports?: readonly PortRequest[];
  /** Interrupt lines. */
  readonly interrupts?: readonly InterruptRequest[];
  /** Windows in which the vdev maps memory. */
  readonly windows?: readonly WindowRequest[];
  /**
   * Memory of its own.
   *
   * @experimental
   */
  readonly memory?: readonly MemoryRequest[];
  /**
   * Role of the vdev, for boards that do not list its type: `uart`, `rtc`, `virtio-mmio`. `platform`, on boards that
   * define it, is a row of places for devices of any kind. Absent: boards are searched for the type only.
   */
  readonly role?: string;
  /**
   * Roles or types of vdevs that must be made before this one, such as the host of its bus. A VM whose configuration names none gets
   * one, as it gets the vdevs of its board.
   *
   * @experimental
   */
  readonly requires?: readonly string[];
}

/**
 * The interface of a vdev to its VM. {@link VdevFactory.create} receives it before the guest starts; methods marked *startup* throw
 * `QvmError` `vdev.phase` afterwards.
 *
 * @stable
 */
export interface VdevContext {
  /** Name, unique in the VM: the `name` option, otherwise type and instance number (`pl011-0`). */
  readonly name: string;
  /** Name of the VM. */
  readonly vm: string;
  /**
   * The machine that the instance is for, as in {@link VdevFactory.resources}.
   *
   * @experimental
   */
  readonly machine: VdevMachine;
  /** Addresses of the requested ranges, by request name. */
  readonly mmioBase: Readonly<Record<string, number>>;
  /**
   * First port of each requested range of I/O ports, by request name.
   *
   * @experimental
   */
  readonly portBase: Readonly<Record<string, number>>;
  /**
   * A requested window, by request name; nothing is mapped in it at first.
   *
   * @throws QvmError `vdev.window` when the vdev requested no such window.
   */
  window(name: string): MemoryWindow;
  /**
   * Requested memory of the vdev's own, by request name.
   *
   * @throws QvmError `vdev.memory` when the vdev requested no such memory.
   * @experimental
   */
  ownMemory(name: string): DeviceMemory;
  /**
   * The line of a requested interrupt, by request name.
   *
   * @throws QvmError `vdev.interrupt` when the vdev requested no such interrupt.
   */
  interrupt(name: string): InterruptLine;
  /**
   * Numbers of the requested interrupts, by request name.
   *
   * @experimental
   */
  readonly interruptNumber: Readonly<Record<string, number>>;
  /**
   * Makes the failures of a handler this vdev's own, for registers that another vdev maps, such as the host of a bus.
   *
   * @experimental
   */
  handler(handler: MmioHandler): MmioHandler;
  /**
   * A line to a private interrupt of one vCPU (GIC: PPI), for vdevs that are part of the processor, such as its timer. *startup*
   *
   * @param number - as the interrupt controller counts (GIC: INTID 16 to 31).
   * @param vcpu - index of the vCPU, from 0.
   */
  privateInterrupt(number: number, vcpu: number): InterruptLine;
  /**
   * A source of message interrupts (MSI). Messages are lost if the machine has no controller for them. *startup*
   *
   * @experimental
   */
  messages(): MessageSink;
  /** Guest-physical memory. */
  readonly memory: GuestMemory;
  /** Virtual time. */
  readonly clock: Clock;
  /** Log of the VM. */
  readonly logger: Logger;
  /** Number of vCPUs of the VM. */
  readonly vcpus: number;
  /**
   * Opens the character back end that an option such as `hostdev` names (`stdio`, `null`, `file:PATH`, `pty`). *startup*
   *
   * @throws QvmError when the host has no such back end, or cannot open it.
   */
  openCharacterBackend(designator: string): CharacterBackend;
  /**
   * Something that another part of the VM or its host offers under a token: the machine of an architecture, a vdev
   * that was made before this one, a plugin.
   *
   * @throws QvmError `vdev.attachment-missing` when nothing offers it.
   */
  attachment<T>(token: Token<T>): T;
  /** Like {@link VdevContext.attachment}, for what the vdev can do without: `undefined` when nothing offers it. */
  optionalAttachment<T>(token: Token<T>): T | undefined;
  /**
   * Offers something to the vdevs that are made after this one and to the host program (`VmHandle.service`). *startup*
   *
   * @throws QvmError `vdev.offer-taken` when something in the VM offers a value for the token already.
   */
  offer<T>(token: Token<T>, value: T): void;
  /** Runs `task` on the VM's thread between two guest instructions; for host I/O that completed. A task that throws ends the VM. */
  post(task: () => void): void;
  /**
   * Ends the VM, between two guest instructions.
   *
   * @param exitCode - 0 to 255; 32 to 63 are free for vdevs, the others are those of `VmExitCode`.
   * @param reason - a sentence for the user, which the vdev's name precedes.
   * @throws QvmError `vdev.exit-code` for another number.
   */
  terminate(exitCode: number, reason: string): void;
}

/**
 * The guest-visible state of a vdev, as {@link Vdev.save} gives it.
 *
 * @stable
 */
export interface VdevState {
  /** Version of the format of `state`, counted by the vdev type: `restore` refuses one that it does not know. */
  readonly version: number;
  /** The state itself; its shape is the vdev's own matter. */
  readonly state: Json;
}

/**
 * One device instance. Register accesses arrive at the handlers in `mmio`, keyed as in {@link VdevResources.mmio}.
 * A handler that throws stops its VM, and the error names the vdev.
 *
 * @stable
 */
export interface Vdev {
  /** The handlers of its register ranges, by the names in {@link VdevResources.mmio}. */
  readonly mmio?: Readonly<Record<string, MmioHandler>>;
  /**
   * The handlers of its ranges of I/O ports, by the names in {@link VdevResources.ports}.
   *
   * @experimental
   */
  readonly ports?: Readonly<Record<string, PortHandler>>;
  /** Resets to power-on state, also when the guest resets its machine. */
  reset(): void;
  /**
   * Prepares a `save` while the guest is stopped: resolves when no host I/O is outstanding that would change the
   * guest-visible state. Posted tasks run meanwhile; timers and vCPUs do not. For vdevs with asynchronous host I/O.
   */
  quiesce?(): Promise<void>;
  /** The guest-visible state, after `quiesce`. */
  save(): VdevState;
  /**
   * Takes over what `save` gave, which may come from anywhere: checks all of it before anything changes.
   *
   * @throws VdevStateError
   */
  restore(saved: VdevState): void;
  /** State for people, by name: what `qvm vdevstat` shows. Pure, and called at any time. */
  status(): Readonly<Record<string, Json>>;
  /** The device-tree nodes that describe this instance to the guest, placed under the root. */
  deviceTree?(context: DeviceTreeContext): readonly DeviceTreeNode[];
  /**
   * The parts of the ACPI tables that describe this instance to the guest, on boards that have such tables.
   *
   * @experimental
   */
  acpi?(context: AcpiContext): readonly AcpiPart[];
  /**
   * Releases host resources. Called once, also after a failure. Work that takes time goes on in a promise: the end of
   * the VM waits for it up to a time limit (`VmOptions.disposeTimeoutMs`), after which guest memory may belong to
   * another VM.
   */
  dispose(): void | Promise<void>;
}

/**
 * The context in which a vdev describes itself in a device tree.
 *
 * @stable
 */
export interface DeviceTreeContext {
  /** Interrupt specifier of a shared interrupt (GIC: type, number, flags). */
  interruptCells(number: number, trigger: 'level' | 'edge'): readonly number[];
  /** `reg` entry of a range: address and size with the root's two cells each. */
  reg(base: number, size: number): readonly number[];
  /**
   * The phandle that belongs to a label; each label has one. `apb-pclk` and `gic` are nodes that boards have (a clock
   * of 24 MHz, the interrupt controller). Under another label, such as one with its name, a vdev gives a node of its
   * own a `phandle` and refers to it.
   */
  phandle(label: string): number;
}

/**
 * A file of the host that an instance of a vdev uses. Declared so that conflicting uses by other VMs are refused.
 *
 * @stable
 */
export interface VdevFile {
  /** The option that names it. */
  readonly option: string;
  /** The path, resolved as in the options. */
  readonly path: string;
  /** `change`: read and written in place; `write`: truncated, then written. */
  readonly access: 'read' | 'change' | 'write';
  /** The file is a disk image: the checks of disks apply to it. */
  readonly disk?: boolean;
}

/**
 * A problem with the options of an instance.
 *
 * @stable
 */
export interface OptionProblem {
  /** The invalid option; absent: the instance as a whole. */
  readonly option?: string;
  /** Completes "the option NAME of vdev TYPE:". */
  readonly message: string;
  /** Describes a valid value, for the user. */
  readonly hint?: string;
}

/**
 * A type of vdev. One factory serves many instances.
 *
 * @stable
 */
export interface VdevFactory<D extends OptionDeclarations = OptionDeclarations> {
  /** The word after `vdev` in a configuration, without `qvm-vdev-`. */
  readonly type: string;
  /** One line for `qvm vdev help`. */
  readonly description: string;
  /** Options beyond `COMMON_VDEV_OPTIONS`, which every vdev has. */
  readonly options: D;
  /**
   * Whether it serves as the guest's console: a VM with such a vdev gets no default console, and the device-tree node
   * of the first one becomes `stdout-path`.
   */
  readonly console?: boolean;
  /**
   * Name of the architecture whose processors it is a part of, such as an interrupt controller. Absent: guests of any
   * architecture can have it, as far as the board has its kind of resources.
   *
   * @experimental
   */
  readonly architecture?: string;
  /** Problems of options that are right one by one, which `check` and `start` report. Absent: there are none. */
  check?(options: VdevOptions<D>): readonly OptionProblem[];
  /**
   * The resources of an instance with these options. Must be pure: it is called several times, also for checks.
   *
   * @param machine - the machine that the instance is for; absent: one without I/O ports.
   */
  resources(options: VdevOptions<D>, machine?: VdevMachine): VdevResources;
  /** The files of the host that an instance with these options uses. Absent: it reads those of its options of kind `path`. */
  files?(options: VdevOptions<D>): readonly VdevFile[];
  /** Makes an instance, in its power-on state. An error that it throws is reported to the user, and the VM is not made. */
  create(context: VdevContext, options: VdevOptions<D>): Vdev;
}

/**
 * Types a factory by its options, so that `resources` and `create` get the declared types.
 *
 * @stable
 */
export function defineVdev<const D extends OptionDeclarations>(factory: VdevFactory<D>): VdevFactory<D> {
  return factory;
}
