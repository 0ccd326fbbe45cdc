import type { ThreadPlace } from '../scheduling/thread-placement.js';
import type { InterruptStatistics, VmState } from '@qvm/core/host';
import type { Finding, VmSpec } from '@qvm/config';
import type { MappedRange } from '@qvm/sdk';
import type { WireError } from '../errors/wire-error.js';
import type { RegisterReport, VdevStatus, VmEnd, VmLaunch, VmStatsReport } from '../worker/messages.js';
import type { RestartPolicy } from '../vm/restart-policy.js';

/*
 * The protocol of the control socket, described in docs/protocol.md: one JSON value on each line, in UTF-8. Bytes are
 * encoded as base64.
 */

/**
 * Version of the protocol. A host refuses clients with another version.
 *
 * @experimental
 */
export const PROTOCOL_VERSION = 1;

/** Largest size in bytes of one line from a client. */
export const MAX_REQUEST_BYTES = 0x10_0000;
/** Largest number of clients at a time. */
export const MAX_CLIENTS = 64;
/** Largest number of requests in progress and subscriptions of one client. */
export const MAX_OUTSTANDING = 64;
/**
 * Milliseconds in which a client must greet after connecting, and complete a request that it has started. Otherwise it
 * loses its place.
 */
export const REQUEST_TIMEOUT_MS = 5_000;
/**
 * Milliseconds without a request or subscription after which a client may lose its place to another, if all are taken.
 */
export const IDLE_MS = 10_000;
/** Largest number of bytes that wait for a slow client. Further stream output is dropped and counted; requests wait. */
export const MAX_WAITING_OUTPUT = 0x40_0000;
/** Largest size in bytes of guest memory in one answer. */
export const MAX_MEMORY_CHUNK = 0x8_0000;
/** Largest size in bytes of console input in one request. */
export const MAX_INPUT_CHUNK = 0x1_0000;

/**
 * A VM in the list of `qvm list`. The host itself has number 0.
 *
 * @experimental
 */
export interface VmSummary {
  /** Number of the VM in its host, from 1. */
  readonly id: number;
  /** Name of the VM, unique in its host. */
  readonly name: string;
  /** State of its life cycle. */
  readonly state: VmState;
  /** Architecture of the guest. */
  readonly arch: string;
  /** Number of vCPUs. */
  readonly cpus: number;
  /** Size in bytes. */
  readonly ram: number;
  /** Milliseconds since the last start; 0 when it does not run. */
  readonly uptimeMs: number;
  /** After which ends it is started again. */
  readonly restart: RestartPolicy;
  /** How often it was started again. */
  readonly restarts: number;
  /** Whether it waits for a restart. */
  readonly restarting: boolean;
  /** Its last end. */
  readonly end?: VmEnd;
}

/**
 * The answer that `qvm host status` shows.
 *
 * @experimental
 */
export interface HostStatus {
  /** Version of the software. */
  readonly version: string;
  /** Process id. */
  readonly pid: number;
  /** Milliseconds since the start of the host. */
  readonly uptimeMs: number;
  /** Path of the control socket. */
  readonly socket: string;
  /** Connected clients. */
  readonly clients: number;
  /** VMs that exist, in any state. */
  readonly vms: number;
  /** Resident memory of the process in bytes. */
  readonly residentBytes: number;
  /** Conditions that its operator should know of, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Parameters for making a VM.
 *
 * @experimental
 */
export interface CreateParams extends Omit<VmLaunch, 'spec'> {
  /** The VM, as `@qvm/config` describes it. The host checks it again. */
  readonly spec: VmSpec;
  /** After which ends it is started again. Default: that of `spec`, else `never`. */
  readonly restart?: RestartPolicy;
}

/**
 * A VM that was created.
 *
 * @experimental
 */
export interface CreatedVm {
  /** Its number in the host, from 1. */
  readonly id: number;
  /** Findings in its configuration that are no errors. */
  readonly warnings: readonly Finding[];
  /** One sentence for each resource that the user must know of, such as the path of a PTY. */
  readonly announcements: readonly string[];
}

/**
 * A shared-memory region that the host provides.
 *
 * @experimental
 */
export interface ShareParams {
  /** Name of the region, unique in the host. */
  readonly name: string;
  /** Bytes, a multiple of 4 KiB. */
  readonly size: number;
}

/**
 * A capture of the frames that devices at a switch send.
 *
 * @experimental
 */
export interface CaptureParams {
  /** Name of the switch. */
  readonly switch: string;
  /** Absolute path of the file on the host. */
  readonly path: string;
}

/** A request and its answer. */
interface Method<Params, Result> {
  /** Parameters of the request. */
  readonly params: Params;
  /** Result of the answer, when the request succeeds. */
  readonly result: Result;
}

/** Parameters of a request about one VM. */
interface OfVm {
  /** Name of the VM, or its number in decimal. */
  readonly vm: string;
}

/** Parameters of a request about a character stream of a VM. */
interface OfStream extends OfVm {
  /** Name of the stream. Default `stdio`, the console. */
  readonly stream?: string;
}

/** Bytes in a message. */
interface Base64 {
  /** The bytes, in base64 (RFC 4648, section 4). */
  readonly base64: string;
}

/**
 * Requests with their parameters and results; docs/protocol.md describes them.
 *
 * @experimental
 */
export interface ControlMethods {
  /** Greets the host: the first request of a client. */
  hello: Method<
    {
      /** {@link PROTOCOL_VERSION} of the client. */
      readonly version: number;
    },
    {
      /** {@link PROTOCOL_VERSION} of the host. */
      readonly version: number;
      /** Name and version of the software. */
      readonly software: string;
      /** Process id of the host. */
      readonly pid: number;
    }
  >;
  /** State of the host itself. */
  'host.status': Method<Nothing, HostStatus>;
  /** Shuts the host down. Answers when the shutdown has begun; the connection ends when it is done. */
  'host.stop': Method<
    {
      /** Milliseconds that guests have for powering off before their power is cut. */
      readonly timeoutMs?: number;
    },
    Nothing
  >;
  /** Creates a shared-memory region that lives as long as the host. */
  'host.share': Method<ShareParams, Nothing>;
  /** Begins to capture the frames of a switch. */
  'host.capture': Method<CaptureParams, Nothing>;
  /** Puts the host's own thread on these CPUs, with this priority. */
  'host.place': Method<
    ThreadPlace,
    {
      /** Parts of it that were not possible, one sentence each. */
      readonly warnings: readonly string[];
    }
  >;
  /** Creates a VM, which does not run yet. */
  'vm.create': Method<CreateParams, CreatedVm>;
  /** Starts a VM that was created. */
  'vm.start': Method<OfVm, Nothing>;
  /** All VMs of the host, by number. */
  'vm.list': Method<Nothing, readonly VmSummary[]>;
  /** Pauses the guest and its time. */
  'vm.pause': Method<OfVm, Nothing>;
  /** Ends a pause. */
  'vm.resume': Method<OfVm, Nothing>;
  /** Presses the power button, and answers when the VM has ended. */
  'vm.stop': Method<
    OfVm & {
      /** Milliseconds that the guest has for powering off before its power is cut. */
      readonly timeoutMs?: number;
    },
    VmEnd
  >;
  /** Cuts the power, and answers when the VM has ended. */
  'vm.destroy': Method<OfVm, VmEnd>;
  /** Answers when the VM has ended for good. */
  'vm.wait': Method<OfVm, VmEnd>;
  /** Statistics of a VM and its vCPUs. */
  'vm.stat': Method<OfVm, VmStatsReport>;
  /** Statistics of the interrupts of a VM. */
  'vm.irqstat': Method<OfVm, readonly InterruptStatistics[]>;
  /** State of the vdevs of a VM, in order of creation. */
  'vm.vdevstat': Method<OfVm, readonly VdevStatus[]>;
  /** Everything in guest-physical memory, in ascending order. */
  'vm.map': Method<OfVm, readonly MappedRange[]>;
  /** Registers of all vCPUs. */
  'vm.registers': Method<OfVm, readonly RegisterReport[]>;
  /** Bytes of guest memory. */
  'vm.memory': Method<
    OfVm & {
      /** First guest-physical address. */
      readonly address: number;
      /** Bytes, at most 512 KiB. */
      readonly length: number;
    },
    Base64
  >;
  /** As `vm.memory`, by virtual address. */
  'vm.virtualMemory': Method<
    OfVm & {
      /** First virtual address, `0x…`: a number of JSON does not hold 64 bits. */
      readonly address: string;
      /** Bytes, at most 512 KiB. */
      readonly length: number;
      /** Index of the vCPU whose translation tables count. Default 0. */
      readonly vcpu?: number;
    },
    Base64
  >;
  /** Writes a core dump of a VM. */
  'vm.dump': Method<
    OfVm & {
      /** Absolute path on the host. */
      readonly path: string;
    },
    {
      /** Bytes of guest memory in the file. */
      readonly bytes: number;
    }
  >;
  /** The image on the display of a VM: four bytes a pixel, red, green, blue, 255. */
  'vm.screenshot': Method<
    OfVm,
    Base64 & {
      /** Pixels in a row. */
      readonly width: number;
      /** Rows of pixels. */
      readonly height: number;
    }
  >;
  /** Presses the keys of a text on the keyboard of a VM. */
  'vm.type': Method<
    OfVm & {
      /** The text to type. */
      readonly text: string;
    },
    {
      /** The characters that no key of the keyboard makes. */
      readonly untyped: string;
    }
  >;
  /** Begins to record a VM; one client at a time. */
  'trace.start': Method<OfVm, Nothing>;
  /** Records since the last call, as chunks of a trace file (docs/formats/trace.md). */
  'trace.read': Method<
    OfVm,
    Base64 & {
      /** Whether more records may come. */
      readonly running: boolean;
    }
  >;
  /** Ends the recording; what is left can still be read. */
  'trace.stop': Method<OfVm, Nothing>;
  /** Subscribes to the output of a stream: it comes as `console` events until the VM has ended for good. */
  'console.attach': Method<
    OfStream & {
      /** Number that the client chooses for the subscription; its events carry it. */
      readonly subscription: number;
      /** Whether the last 64 KiB of output come first. Default `true`. */
      readonly backlog?: boolean;
    },
    Nothing
  >;
  /** Sends input to a stream. Answers when the guest has room for more. */
  'console.input': Method<OfStream & Base64, Nothing>;
  /** Reports the size of the client's terminal. */
  'console.resize': Method<
    OfStream & {
      /** Width in characters. */
      readonly columns: number;
      /** Height in characters. */
      readonly rows: number;
    },
    Nothing
  >;
  /** Ends a subscription of this client. */
  detach: Method<
    {
      /** Number of the subscription. */
      readonly subscription: number;
    },
    Nothing
  >;
}

/** The name of a method. @experimental */
export type ControlMethod = keyof ControlMethods;

/** No parameters, or no result. */
export type Nothing = Readonly<Record<string, never>>;

/** Events, which are sent without a request. @experimental */
export type ControlEvent =
  | {
      /** Output of a stream. */
      readonly event: 'console';
      /** Number of the subscription, which the client chose. */
      readonly subscription: number;
      /** The bytes, in base64. */
      readonly base64: string;
      /** Number of bytes before these that this client has lost because it was too slow. */
      readonly lost?: number;
    }
  | {
      /** The end of a subscription: the VM has ended. */
      readonly event: 'end';
      /** Number of the subscription, which the client chose. */
      readonly subscription: number;
      /** Number of bytes of the last output that this client has lost because it was too slow. */
      readonly lost?: number;
    };

/** Messages from a host to its client. */
export type FromHost =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  /** A request could not be parsed; the connection ends. */
  | { readonly error: WireError }
  | ControlEvent;
