import type { ThreadPlace } from '../scheduling/thread-placement.js';
import type { Finding, VmSpec } from '@qvm/config';
import type { Json, LogLevel } from '@qvm/core';
import type { Engine } from '@qvm/core/architecture';
import type { InterruptStatistics, VmState } from '@qvm/core/host';
import type { DisplayImage } from '@qvm/core/services';
import type { MappedRange, VdevPlace } from '@qvm/sdk';
import type { TraceOutput } from '@qvm/trace';
import type { WireError } from '../errors/wire-error.js';

/**
 * What a VM's thread makes its VM from. Plain data.
 *
 * @experimental
 */
export interface VmLaunch {
  readonly spec: VmSpec;
  /** Instruction-counted time: nanoseconds per instruction, `true` for the default. Real time when absent. */
  readonly icount?: number | true;
  /** `wasm` when absent. */
  readonly engine?: Engine;
  /** What a guest's reset does; `exit` when absent. */
  readonly onReset?: 'exit' | 'restart';
  /** Resets in a row after which the VM ends, with `onReset: 'restart'`; 0: any number. 20 when absent. */
  readonly resetLimit?: number;
  /** Packages or files that export a `QvmPlugin` named `plugin`. */
  readonly plugins?: readonly string[];
  /** Folder from which `plugins` are looked up. */
  readonly pluginBase?: string;
  /** Where a core dump goes when the VM fails, in place of `spec.dump`: an absolute path of a folder, or `|COMMAND`. */
  readonly dumpOnFailure?: string;
  /** Where the VM's thread runs when the configuration names no place and the host has one of its own. */
  readonly home?: ThreadPlace;
}

/**
 * How a VM ended, as data.
 *
 * @experimental
 */
export interface VmEnd {
  /** `VmExitCode` of core, or 32–63 from a vdev. */
  readonly exitCode: number;
  /** A sentence for people. */
  readonly reason: string;
  /** Message of the error that caused a failure. */
  readonly cause?: string;
}

/**
 * One vdev, as `qvm vdevstat` shows it.
 *
 * @experimental
 */
export interface VdevStatus extends VdevPlace {
  readonly name: string;
  readonly type: string;
  readonly status: Readonly<Record<string, Json>>;
}

/**
 * Counters of a VM as JSON: those of core's `VmStats`, program counters in hexadecimal.
 *
 * @experimental
 */
export interface VmStatsReport {
  readonly name: string;
  readonly state: VmState;
  /** Virtual time, nanoseconds. */
  readonly time: number;
  /** Host time spent in the guest and its devices, nanoseconds. */
  readonly busyTime: number;
  readonly instructions: number;
  readonly resets: number;
  readonly interrupts: number;
  readonly vcpus: readonly {
    readonly index: number;
    readonly state: string;
    readonly instructions: number;
    readonly pc: string;
  }[];
  readonly engine: Readonly<Record<string, Json>>;
}

/** Registers of one vCPU by manual name, in hexadecimal. @experimental */
export type RegisterReport = Readonly<Record<string, string>>;

/** What a VM's thread can be asked, with what it answers. */
export interface VmCommands {
  create: { readonly params: VmLaunch; readonly result: { readonly warnings: readonly Finding[] } };
  start: { readonly params: undefined; readonly result: undefined };
  pause: { readonly params: undefined; readonly result: undefined };
  resume: { readonly params: undefined; readonly result: undefined };
  /** Presses the power button; the end comes as an event. */
  stop: { readonly params: { readonly timeoutMs: number }; readonly result: undefined };
  destroy: { readonly params: undefined; readonly result: undefined };
  stats: { readonly params: undefined; readonly result: VmStatsReport };
  interrupts: { readonly params: undefined; readonly result: readonly InterruptStatistics[] };
  vdevs: { readonly params: undefined; readonly result: readonly VdevStatus[] };
  /** Everything in guest-physical memory. */
  map: { readonly params: undefined; readonly result: readonly MappedRange[] };
  registers: { readonly params: undefined; readonly result: readonly RegisterReport[] };
  /** At most {@link MAX_MEMORY_READ} bytes of guest-physical memory. */
  memory: {
    readonly params: { readonly address: number; readonly length: number };
    readonly result: Uint8Array<ArrayBuffer>;
  };
  /** The same by virtual address, as a vCPU's tables have it now. */
  virtualMemory: {
    readonly params: { readonly vcpu: number; readonly address: bigint; readonly length: number };
    readonly result: Uint8Array<ArrayBuffer>;
  };
  /** Writes a core dump to a new file; answers how many bytes of memory are in it. */
  dump: { readonly params: { readonly path: string }; readonly result: { readonly bytes: number } };
  /** Input for a console; answers when the guest has room for more. */
  input: { readonly params: { readonly stream: string; readonly bytes: Uint8Array }; readonly result: undefined };
  /** The terminal that shows a console has this size, in characters. */
  resize: {
    readonly params: { readonly stream: string; readonly columns: number; readonly rows: number };
    readonly result: undefined;
  };
  screenshot: { readonly params: undefined; readonly result: DisplayImage | undefined };
  /** Types on the VM's keyboard; answers what no key makes. */
  type: { readonly params: { readonly text: string }; readonly result: string };
  /** Begins to record; `cpu` is the number of this thread in the trace. */
  traceStart: { readonly params: { readonly cpu: number }; readonly result: undefined };
  traceRead: { readonly params: undefined; readonly result: TraceOutput };
  traceStop: { readonly params: undefined; readonly result: undefined };
  ping: { readonly params: undefined; readonly result: undefined };
}

/** The name of a command. */
export type VmCommand = keyof VmCommands;

/** From the main thread to a VM's thread. */
export type ToVmThread =
  | {
      readonly [K in VmCommand]: { readonly id: number; readonly command: K; readonly params: VmCommands[K]['params'] };
    }[VmCommand]
  /** So many bytes of console output were taken over. */
  | { readonly taken: number; readonly stream: string };

/** What a VM's thread tells without being asked. */
export type VmThreadEvent =
  | { readonly event: 'state'; readonly from: VmState; readonly to: VmState }
  | { readonly event: 'console'; readonly stream: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly event: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly event: 'announcement'; readonly message: string }
  /** An output file of the VM cannot be written any more; what is wrong is logged. */
  | { readonly event: 'outputLost'; readonly path: string }
  | { readonly event: 'end'; readonly end: VmEnd };

/** From a VM's thread to the main thread. */
export type FromVmThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | VmThreadEvent;

/**
 * Bytes that one read of guest memory gives at most.
 *
 * @experimental
 */
export const MAX_MEMORY_READ = 0x10_0000;

/** Bytes of console output that may be on their way to the main thread; more waits in the VM's thread, up to its bound. */
export const CONSOLE_WINDOW = 0x10_0000;
