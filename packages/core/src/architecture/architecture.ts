import type { Board } from '../board/board.js';
import type { Clock } from '../clock/clock.js';
import type { DeviceTreeNode } from '../devicetree/device-tree.js';
import type { HookKinds } from '../hooks/kinds.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import type { InterruptWiring } from '../interrupt/interrupt.js';
import type { Logger } from '../log/logger.js';
import type { GuestMemory } from '../memory/guest-memory.js';
import type { PhysicalMap } from '../memory/physical-map.js';
import type { RamReservation } from '../memory/ram-reservations.js';
import type { VmMemory } from '../memory/vm-memory.js';
import type { Token } from '../plugin/token.js';
import type { Vcpu } from '../vcpu/vcpu.js';
import type { DeviceTreeContext, Json } from '../vdev/vdev.js';
import type { UnsupportedPolicies } from '../vm/unsupported.js';
import type { MachineSnapshot } from './machine-snapshot.js';

/**
 * How a guest, a vdev or the host asks the VM to change its life cycle. The VM obeys between two instructions.
 *
 * @experimental
 */
export type VmRequest =
  | { readonly kind: 'poweroff' }
  | { readonly kind: 'reset' }
  /** Ends the VM with an exit code (5 unsupported operation, 6 vdev error, 7 unexpected error, 32–63 vdev-defined). */
  | { readonly kind: 'terminate'; readonly exitCode: number; readonly reason: string; readonly cause?: unknown };

/**
 * How guest code runs. `interp`: only the interpreter. `wasm`: hot code is translated to WebAssembly as well. What the guest does
 * is the same, instruction by instruction.
 *
 * @experimental
 */
export type Engine = 'interp' | 'wasm';

/**
 * What a VM gives the machine of its architecture.
 *
 * @experimental
 */
export interface MachineServices {
  /** Name of the VM. */
  readonly name: string;
  /** Number of vCPUs to make. */
  readonly vcpus: number;
  /** How guest code runs. */
  readonly engine: Engine;
  /** What the generated device tree tells of beside processors, RAM and vdevs. */
  readonly board: Board;
  /** What a vCPU does where the guest wants what the VM lacks. */
  readonly unsupported: UnsupportedPolicies;
  /** The one linear memory of the VM: engine state and guest RAM. */
  readonly memory: VmMemory;
  /** The guest-physical map, for accesses that are not RAM. */
  readonly map: PhysicalMap;
  /** Guest-physical memory as vdevs see it. */
  readonly guestMemory: GuestMemory;
  /** Virtual time. */
  readonly clock: Clock;
  /** Where the interrupt controller is attached and lines are made. */
  readonly wiring: InterruptWiring;
  /** The hooks of the VM. */
  readonly hooks: VmHooks;
  /** Log of the VM. */
  readonly logger: Logger;
  /** Asks the VM to end or to reset. Obeyed between two instructions, after the running vCPU has returned. */
  request(request: VmRequest): void;
  /** Offers a service to vdevs, found by `VdevContext.attachment`. */
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
  /** Ranges of RAM that vdevs share with the guest: nothing is loaded there, and a generated tree reserves them. */
  readonly reservations?: readonly RamReservation[];
  /** Path of the console's node for `stdout-path`, when there is one. */
  readonly stdoutPath?: string;
}

/**
 * A file and the name that errors use for it.
 *
 * @experimental
 */
export interface BootFile {
  /** The file's name, for errors. */
  readonly name: string;
  /** The whole file. Not changed. */
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
 * A guest architecture: makes machines. Registered by a plugin.
 *
 * @experimental
 */
export interface Architecture {
  /** `aarch64` or `x86_64`. */
  readonly name: string;
  /** Name of the board that a VM has when its configuration names none. */
  readonly defaultBoard: string;
  /** First address of RAM when a configuration leaves it open. */
  /** vdev types that every VM has, named or not, in order of creation. */
  /** vdev type of the console that a VM gets when it names no vdev that is a console, or `undefined`. */
  /** The words that the hooks of its vCPUs use: kinds of traps and interrupts, causes of exits. */
  readonly hookKinds: HookKinds;
  /** Bytes of VM memory that the engine needs beside guest RAM. */
  engineBytes(vcpus: number, ramBytes: number): number;
  /** Makes the processors of a VM with their interrupt controller and firmware. */
  createMachine(services: MachineServices): Machine;
}

/**
 * The processors of one VM and what belongs to their architecture.
 *
 * @experimental
 */
export interface Machine {
  /** The vCPUs; `index` is their place here. */
  readonly vcpus: readonly Vcpu[];
  /** Checks and places the image and its companions, and sets the boot vCPU to its entry. Throws `image.*` errors. */
  boot(request: BootRequest): Promise<void>;
  /** All vCPUs to power-on state; RAM stays. `boot` must follow. */
  reset(): void;
  /** Drops decoded or translated code of a guest-physical range that something other than a vCPU wrote. */
  invalidateCode(base: number, size: number): void;
  /**
   * A guest-physical range leads elsewhere now: forgets translations into it and code decoded from it. Called between two
   * instructions, or by a vdev in an access of the guest.
   */
  mappingChanged(base: number, size: number): void;
  /**
   * The guest-visible state of the processors, while none of them runs.
   *
   * @throws `QvmError` `machine.state` when a vCPU runs, or the machine cannot be saved.
   */
  save(): MachineSnapshot;
  /**
   * Takes over what {@link Machine.save} of a machine with as many vCPUs gave, while none of them runs. RAM holds what it held then; vdevs
   * are restored afterwards.
   *
   * @throws `QvmError` `machine.state` when it is of an unknown version or shape, of another model, or of another number of vCPUs;
   * nothing has changed then.
   */
  restore(snapshot: MachineSnapshot): void;
  /** Engine counters for `vm.stats()`. */
  stats(): Readonly<Record<string, Json>>;
}
