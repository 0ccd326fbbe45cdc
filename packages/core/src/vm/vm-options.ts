import type { Architecture, Engine } from '../architecture/architecture.js';
import type { Processor } from '../architecture/processor-models.js';
import type { Board } from '../board/board.js';
import type { CharacterBackend } from '../console/character-backend.js';
import type { Logger } from '../log/logger.js';
import type { HookPlugin } from '../plugin/plugin.js';
import type { Token } from '../plugin/token.js';
import type { VdevOptions } from '../vdev/common-options.js';
import type { VdevFactory } from '../vdev/vdev.js';
import type { UnsupportedPolicies } from './unsupported.js';

/**
 * One vdev that a VM shall have.
 *
 * @experimental
 */
export interface VdevSpec {
  /** The type. */
  readonly factory: VdevFactory;
  /** The parsed values of {@link VdevFactory.options}, with defaults. */
  readonly options: VdevOptions;
}

/**
 * One range of RAM or ROM.
 *
 * @experimental
 */
export interface RamSpec {
  /** Bytes, a multiple of 4 KiB. */
  readonly size: number;
  /**
   * Absent: for the first range the board's, else the end of the range before; the range is split around the holes of the
   * board (`BoardRam.holes`).
   */
  readonly base?: number;
  /** `ram` when absent. */
  readonly kind?: 'ram' | 'rom';
  /** For errors and dumps; `ram0`, `ram1`, … when absent. */
  readonly name?: string;
}

/**
 * A range of addresses in which nothing is, or an interrupt that is kept from being a vdev's default.
 *
 * @experimental
 */
export type ReserveSpec =
  | {
      /** First guest-physical address, a multiple of 4. */
      readonly base: number;
      /** Size in bytes, a multiple of 4. */
      readonly size: number;
    }
  | {
      /** Interrupt number that no vdev gets by default. */
      readonly irq: number;
    };

/**
 * The time of a VM.
 *
 * @experimental
 */
export type ClockSpec =
  | {
      /** Virtual time follows the host's clock. */
      readonly kind: 'real-time';
      /** A monotonic source of nanoseconds; `performance.now` when absent. */
      readonly host?: () => number;
    }
  | {
      /** Virtual time advances with retired instructions, so that runs repeat exactly. */
      readonly kind: 'icount';
      /** 10 when absent. */
      readonly nanosecondsPerInstruction?: number;
    };

/**
 * Opens what an option such as `hostdev` names. `post` runs a task on the VM's thread and wakes the VM.
 *
 * @experimental
 */
export type CharacterBackendOpener = (designator: string, post: (task: () => void) => void) => CharacterBackend;

/**
 * Everything a VM is built from.
 *
 * @experimental
 */
export interface VmOptions {
  /** Name of the VM, for errors and logs. */
  readonly name: string;
  /** Creates the processors. */
  readonly architecture: Architecture;
  /** One for the guests of the architecture. */
  readonly board: Board;
  /** The model of the vCPUs, chosen from {@link Architecture.processors}; the default one when absent. */
  readonly processor?: Processor;
  /** Number of vCPUs, 1 to 255. */
  readonly vcpus: number;
  /** RAM and ROM, at least one range. */
  readonly ram: readonly RamSpec[];
  /** Size in bytes of the image if it is firmware: the VM has the parts of `Board.firmware` then. Absent: it is none. */
  readonly firmwareBytes?: number;
  /** Addresses and interrupts that no vdev gets. */
  readonly reserve?: readonly ReserveSpec[];
  /** The vdevs, in order of creation. */
  readonly vdevs: readonly VdevSpec[];
  /**
   * Makes the vdevs that the board always has (see {@link Board.implicitVdevs}) and that `vdevs` does not
   * name. `undefined` for a type that is not known.
   */
  readonly implicitVdev?: (type: string) => VdevSpec | undefined;
  /** Real time when absent. */
  readonly clock?: ClockSpec;
  /** How guest code runs; `wasm` when absent. */
  readonly engine?: Engine;
  /** Log of the VM; nothing is logged when absent. */
  readonly logger?: Logger;
  /** Absent: opening one is an error (`vm.no-backend`). */
  readonly openCharacterBackend?: CharacterBackendOpener;
  /** Plugins that tap the hooks, in order of application. */
  readonly plugins?: readonly HookPlugin[];
  /**
   * Told of each vdev that cannot be made. When it returns, the VM is built without that vdev, so that a check finds all of them; such
   * a VM must not be started. Absent: the first one ends the construction.
   */
  readonly vdevRefused?: (error: unknown) => void;
  /** Services of the host for vdevs (`VdevContext.attachment`), by token; `undefined` if it does not have the service. */
  readonly service?: <T>(token: Token<T>) => T | undefined;
  /** Effect of a guest's reset: the VM ends with exit code 0, as in QNX (the default), or boots again. */
  readonly onReset?: 'exit' | 'restart';
  /**
   * With `onReset: 'restart'`: how often in a row a guest may reset, with less than ten seconds of virtual time between two resets, before
   * its VM ends with exit code 4. 0: as often as it likes. `DEFAULT_RESET_LIMIT` when absent. From the fourth on, the host waits
   * before it boots the guest again: 10 ms, then twice as long each time, up to a second.
   */
  readonly resetLimit?: number;
  /** Policies for requests that the VM does not support; `DEFAULT_UNSUPPORTED` for kinds that are absent. */
  readonly unsupported?: Partial<UnsupportedPolicies>;
  /** How long the end of the VM waits for vdevs that release what they hold asynchronously, in ms of host time; 10 s when absent. */
  readonly disposeTimeoutMs?: number;
}
