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
 * Plain data from which a VM's thread makes its VM.
 *
 * @experimental
 */
export interface VmLaunch {
  /** The VM, checked, with absolute paths. */
  readonly spec: VmSpec;
  /** Instruction-counted time: nanoseconds per instruction, or `true` for the default. Absent: real time. */
  readonly icount?: number | true;
  /** Default `wasm`. */
  readonly engine?: Engine;
  /** Effect of a guest's reset. Default `exit`. */
  readonly onReset?: 'exit' | 'restart';
  /** Number of consecutive resets after which the VM ends, with `onReset: 'restart'`; 0: unlimited. Default 20. */
  readonly resetLimit?: number;
  /** Packages or files that export a `QvmPlugin` named `plugin`. */
  readonly plugins?: readonly string[];
  /** Folder from which `plugins` are resolved. */
  readonly pluginBase?: string;
  /**
   * Destination of a core dump when the VM fails, replacing `spec.dump`: an absolute path of a folder, or `|COMMAND`.
   */
  readonly dumpOnFailure?: string;
  /** Placement of the VM's thread if the configuration has none and the host has one of its own. */
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
  /** A sentence for users. */
  readonly reason: string;
  /** Message of the error that caused a failure. */
  readonly cause?: string;
}

/**
 * One vdev in the output of `qvm vdevstat`.
 *
 * @experimental
 */
export interface VdevStatus extends VdevPlace {
  /** Name of the instance. */
  readonly name: string;
  /** Type of the vdev. */
  readonly type: string;
  /** What `Vdev.status` returned. */
  readonly status: Readonly<Record<string, Json>>;
}

/**
 * Counters of a VM as JSON: those of core's `VmStats`, with program counters in hexadecimal.
 *
 * @experimental
 */
export interface VmStatsReport {
  /** Name of the VM. */
  readonly name: string;
  /** State of its life cycle. */
  readonly state: VmState;
  /** Virtual time, nanoseconds. */
  readonly time: number;
  /** Host time spent in the guest and its devices, nanoseconds. */
  readonly busyTime: number;
  /** Retired instructions of all vCPUs. */
  readonly instructions: number;
  /** Resets of the machine by the guest, since the VM was made. */
  readonly resets: number;
  /** Rising edges of all interrupt sources. */
  readonly interrupts: number;
  /** Each vCPU, by index. */
  readonly vcpus: readonly {
    /** Index of the vCPU, from 0. */
    readonly index: number;
    /** Activity of the vCPU: a word for display. */
    readonly state: string;
    /** Retired instructions of all vCPUs. */
    readonly instructions: number;
    /** Program counter, in hexadecimal. */
    readonly pc: string;
  }[];
  /** Counters of the engine, by name; the names may change with any version. */
  readonly engine: Readonly<Record<string, Json>>;
}

/** Registers of one vCPU by their names in the manual, in hexadecimal. @experimental */
export type RegisterReport = Readonly<Record<string, string>>;

/** The commands for a VM's thread, with their parameters and results. */
export interface VmCommands {
  create: { readonly params: VmLaunch; readonly result: { readonly warnings: readonly Finding[] } };
  start: { readonly params: undefined; readonly result: undefined };
  pause: { readonly params: undefined; readonly result: undefined };
  resume: { readonly params: undefined; readonly result: undefined };
  /** Presses the power button; the end is reported as an event. */
  stop: { readonly params: { readonly timeoutMs: number }; readonly result: undefined };
  destroy: { readonly params: undefined; readonly result: undefined };
  stats: { readonly params: undefined; readonly result: VmStatsReport };
  interrupts: { readonly params: undefined; readonly result: readonly InterruptStatistics[] };
  vdevs: { readonly params: undefined; readonly result: readonly VdevStatus[] };
  /** All occupied ranges of guest-physical memory. */
  map: { readonly params: undefined; readonly result: readonly MappedRange[] };
  registers: { readonly params: undefined; readonly result: readonly RegisterReport[] };
  /** Reads at most {@link MAX_MEMORY_READ} bytes of guest-physical memory. */
  memory: {
    readonly params: { readonly address: number; readonly length: number };
    readonly result: Uint8Array<ArrayBuffer>;
  };
  /** Reads memory by virtual address, with a vCPU's current tables. */
  virtualMemory: {
    readonly params: { readonly vcpu: number; readonly address: bigint; readonly length: number };
    readonly result: Uint8Array<ArrayBuffer>;
  };
  /** Writes a core dump to a new file; returns the size of its memory in bytes. */
  dump: { readonly params: { readonly path: string }; readonly result: { readonly bytes: number } };
  /** Sends input to a console; answers when the guest has room for more. */
  input: { readonly params: { readonly stream: string; readonly bytes: Uint8Array }; readonly result: undefined };
  /** Sets the size of the terminal that shows a console, in characters. */
  resize: {
    readonly params: { readonly stream: string; readonly columns: number; readonly rows: number };
    readonly result: undefined;
  };
  screenshot: { readonly params: undefined; readonly result: DisplayImage | undefined };
  /** Types on the VM's keyboard; returns the characters that no key makes. */
  type: { readonly params: { readonly text: string }; readonly result: string };
  /** Starts recording; `cpu` is the number of this thread in the trace. */
  traceStart: { readonly params: { readonly cpu: number }; readonly result: undefined };
  traceRead: { readonly params: undefined; readonly result: TraceOutput };
  traceStop: { readonly params: undefined; readonly result: undefined };
  ping: { readonly params: undefined; readonly result: undefined };
}

/** The name of a command. */
export type VmCommand = keyof VmCommands;

/** Messages from the main thread to a VM's thread. */
export type ToVmThread =
  | {
      readonly [K in VmCommand]: { readonly id: number; readonly command: K; readonly params: VmCommands[K]['params'] };
    }[VmCommand]
  /** Reports that `taken` bytes of console output have been processed. */
  | { readonly taken: number; readonly stream: string };

/** Events of a VM's thread. */
export type VmThreadEvent =
  | { readonly event: 'state'; readonly from: VmState; readonly to: VmState }
  | { readonly event: 'console'; readonly stream: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly event: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly event: 'announcement'; readonly message: string }
  /** An output file of the VM can no longer be written; the reason is logged. */
  | { readonly event: 'outputLost'; readonly path: string }
  | { readonly event: 'end'; readonly end: VmEnd };

/** Messages from a VM's thread to the main thread. */
export type FromVmThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | VmThreadEvent;

/**
 * Largest number of bytes in one read of guest memory.
 *
 * @experimental
 */
export const MAX_MEMORY_READ = 0x10_0000;

/**
 * Largest number of bytes of console output in transit to the main thread; more output waits in the VM's thread, up to
 * its limit.
 */
export const CONSOLE_WINDOW = 0x10_0000;
