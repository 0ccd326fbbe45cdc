import type { AcpiContext, AcpiPart } from '../acpi/acpi-part.js';
import type { Board } from '../board/board.js';
import type { Clock } from '../clock/clock.js';
import type { BootScreen } from '../display/boot-screen.js';
import type { FirmwareConfiguration } from '../firmware/firmware-configuration.js';
import type { DeviceTreeNode } from '../devicetree/device-tree.js';
import type { HookKinds } from '../hooks/kinds.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import type { InterruptWiring } from '../interrupt/interrupt.js';
import type { Contents } from '../loader/contents.js';
import type { Logger } from '../log/logger.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import type { IoPortMap } from '../memory/io-port-map.js';
import type { PhysicalMap } from '../memory/physical-map.js';
import type { RamReservation } from '../memory/ram-reservations.js';
import type { VmMemory } from '../memory/vm-memory.js';
import type { Token } from '../plugin/token.js';
import type { Vcpu } from '../vcpu/vcpu.js';
import type { DeviceTreeContext, Json } from '../vdev/vdev.js';
import type { UnsupportedPolicies } from '../vm/unsupported.js';
import type { MachineSnapshot } from './machine-snapshot.js';
import type { Processor, ProcessorCatalogue } from './processor-models.js';

/**
 * A request of a guest, a vdev or the host to change the life cycle of the VM. The VM obeys between two instructions.
 *
 * @experimental
 */
export type VmRequest =
  | {
      /** Ends the VM with exit code 0. */
      readonly kind: 'poweroff';
    }
  | {
      /** Resets the machine, as far as the VM allows resets. */
      readonly kind: 'reset';
      /**
       * Why the machine resets itself when no guest can have wanted that, as a sentence for the user: a triple fault. A
       * VM that does not boot again then fails, with exit code 5.
       */
      readonly fault?: string;
    }
  | {
      /** Ends the VM with an exit code. */
      readonly kind: 'terminate';
      /** One of `VmExitCode`, or 32 to 63 from a vdev. */
      readonly exitCode: number;
      /** A sentence for the user. */
      readonly reason: string;
      /** The error that caused the request. */
      readonly cause?: unknown;
    };

/**
 * How guest code runs. `interp`: in the interpreter only. `wasm`: hot code is also translated to WebAssembly. The
 * guest behaves the same with both, instruction by instruction.
 *
 * @experimental
 */
export type Engine = 'interp' | 'wasm';

/**
 * Services of a VM for the machine of its architecture.
 *
 * @experimental
 */
export interface MachineServices {
  /** Name of the VM. */
  readonly name: string;
  /** Number of vCPUs to make. */
  readonly vcpus: number;
  /** The model of all vCPUs: one of `Architecture.processors`. Absent: the default model. */
  readonly processor?: Processor;
  /** How guest code runs. */
  readonly engine: Engine;
  /** The board; the generated device tree contains its entries besides processors, RAM and vdevs. */
  readonly board: Board;
  /** Reactions to guest accesses and instructions that the VM does not support. */
  readonly unsupported: UnsupportedPolicies;
  /** The one linear memory of the VM: engine state and guest RAM. */
  readonly memory: VmMemory;
  /** The guest-physical map, for accesses that are not RAM. */
  readonly map: PhysicalMap;
  /** The I/O ports of the VM, for architectures that have them; else nothing is in the map. */
  readonly ports: IoPortMap;
  /** Access to guest-physical memory, as vdevs have it. */
  readonly guestMemory: GuestMemory;
  /** Virtual time. */
  readonly clock: Clock;
  /** Makes interrupt lines and connects the interrupt controller. */
  readonly wiring: InterruptWiring;
  /** The hooks of the VM. */
  readonly hooks: VmHooks;
  /** Log of the VM. */
  readonly logger: Logger;
  /** Asks the VM to end or to reset. The VM obeys between two instructions, after the running vCPU has returned. */
  request(request: VmRequest): void;
  /** Offers a service to vdevs, which find it by `VdevContext.attachment`. */
  provide<T>(token: Token<T>, value: T): void;
}

/**
 * Files and options of a boot. Byte arrays are whole files, already read by the host.
 *
 * @experimental
 */
export interface BootRequest {
  /** The kernel or firmware. */
  readonly image: BootFile;
  /** The way by which the image is to be entered: one of `ArchitectureFacts.entries`. Absent: as its format says. */
  readonly entry?: string;
  /** The initial RAM file system. */
  readonly initrd?: BootFile;
  /** A flattened device tree to patch instead of the generated one. */
  readonly deviceTree?: BootFile;
  /** The kernel's command line; empty when absent. */
  readonly commandLine?: string;
  /** Files that are put into memory before anything else is loaded, RAM and ROM alike. */
  readonly data?: readonly DataFile[];
  /** Nodes that the vdevs contribute to the generated tree. */
  readonly vdevNodes: (context: DeviceTreeContext) => readonly DeviceTreeNode[];
  /** Parts that the vdevs contribute to ACPI tables. Absent: none. */
  readonly vdevAcpi?: (context: AcpiContext) => readonly AcpiPart[];
  /** Ranges of RAM that vdevs share with the guest: nothing is loaded there, and a generated tree reserves them. */
  readonly reservations?: readonly RamReservation[];
  /** The device through which firmware is told of the machine. Absent: there is none. */
  readonly firmware?: FirmwareConfiguration;
  /** The screen that the guest finds, for boot protocols that tell it. Absent: there is none. */
  readonly screen?: BootScreen;
  /** Path of the console's node for `stdout-path`, when there is one. */
  readonly stdoutPath?: string;
  /** Images that were unpacked before. Absent: nothing is kept. */
  readonly unpacked?: DigestStore;
  /** Translations of guest code by earlier runs. Absent: nothing is kept. */
  readonly translations?: DigestStore;
}

/**
 * A store of what takes long to make. It may forget anything at any time.
 *
 * @experimental
 */
export interface DigestStore {
  /**
   * Finds what was kept.
   *
   * @param digest - SHA-256 of what it was made from, in hexadecimal.
   * @returns the bytes, as they were kept; undefined if they are not there, or are damaged.
   */
  find(digest: string): Promise<Contents | undefined>;
  /** Keeps bytes, if that is possible. Never throws. `digest` as in {@link DigestStore.find}. */
  keep(digest: string, bytes: Uint8Array): Promise<void>;
}

/**
 * A file with a name for error messages.
 *
 * @experimental
 */
export interface BootFile {
  /** The file's name, for error messages. */
  readonly name: string;
  /** Contents of the whole file. Not changed. */
  readonly bytes: Uint8Array;
}

/**
 * A file and the guest-physical address of its first byte.
 *
 * @experimental
 */
export interface DataFile extends BootFile {
  /** Guest-physical address of the first byte. */
  readonly address: number;
}

/**
 * The facts of a guest architecture that are known before its first machine.
 *
 * @experimental
 */
export interface ArchitectureFacts {
  /** `aarch64` or `x86_64`. */
  readonly name: string;
  /** Name of the board for VMs whose configuration names none. */
  readonly defaultBoard: string;
  /** The kinds of traps and interrupts and the causes of exits that the hooks of its vCPUs have. */
  readonly hookKinds: HookKinds;
  /** The processor models that a configuration can choose. Absent: there is one, which has no name. */
  readonly processors?: ProcessorCatalogue;
  /** The ways by which a configuration can have an image entered. Absent: there is no choice. */
  readonly entries?: readonly string[];
  /**
   * Whether a file is an image for this architecture, by its beginning. Decides about a VM whose configuration names no architecture.
   * Absent: no image is known.
   *
   * @param head - the first 1024 bytes, or all of a shorter file.
   */
  isImage?(head: Uint8Array): boolean;
  /**
   * Whether an image is firmware that begins at the reset vector, so that its machine has the parts of
   * `Board.firmware`. Absent: none is.
   *
   * @param image - the whole image.
   */
  isFirmware?(image: Uint8Array): boolean;
}

/**
 * A guest architecture as a plugin registers it. Instruction sets are large, and most processes need one of them or none,
 * so they are loaded with the first machine.
 *
 * @experimental
 */
export interface ArchitectureSource extends ArchitectureFacts {
  /** Loads the modules of the architecture, once. */
  load(): Promise<Architecture>;
}

/**
 * A guest architecture that is loaded: it makes machines.
 *
 * @experimental
 */
export interface Architecture extends ArchitectureFacts {
  /** Bytes of VM memory that the engine needs besides guest RAM. */
  engineBytes(vcpus: number, ramBytes: number): number;
  /** Makes the processors of a VM with their interrupt controller and firmware. */
  createMachine(services: MachineServices): Machine;
}

/**
 * The processors of one VM and the parts of the machine that belong to their architecture.
 *
 * @experimental
 */
export interface Machine {
  /** The vCPUs, in the order of their `index`. */
  readonly vcpus: readonly Vcpu[];
  /**
   * Validates and places the image and its companions, and sets the boot vCPU to its entry. Throws `image.*` errors.
   */
  boot(request: BootRequest): Promise<void>;
  /** Puts all vCPUs into their power-on state; RAM is kept. `boot` must follow. */
  reset(): void;
  /** Drops decoded and translated code of a guest-physical range that was not written by a vCPU. */
  invalidateCode(base: number, size: number): void;
  /**
   * Must be called after the mapping of a guest-physical range has changed: drops address translations into it and
   * code decoded from it. Called between two instructions, or by a vdev during an access of the guest.
   */
  mappingChanged(base: number, size: number): void;
  /**
   * Saves the guest-visible state of the processors. None of them may be running.
   *
   * @throws `QvmError` `machine.state` when a vCPU runs, or the machine cannot be saved.
   */
  save(): MachineSnapshot;
  /**
   * Restores the result of {@link Machine.save} of a machine with the same number of vCPUs. None of them may be
   * running. RAM must have its contents of the time of the save; vdevs are restored afterwards.
   *
   * @throws `QvmError` `machine.state` when it is of an unknown version or shape, of another model, or of another
   * number of vCPUs; the machine is unchanged in that case.
   */
  restore(snapshot: MachineSnapshot): void;
  /** The VM has ended: keeps what later runs can use. Never throws. Absent: nothing. */
  ended?(): Promise<void>;
  /** Engine counters for `vm.stats()`. */
  stats(): Readonly<Record<string, Json>>;
}
