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
  readonly id: number;
  readonly name: string;
  readonly state: VmState;
  readonly arch: string;
  readonly cpus: number;
  /** Size in bytes. */
  readonly ram: number;
  /** Milliseconds since the last start; 0 when it does not run. */
  readonly uptimeMs: number;
  readonly restart: RestartPolicy;
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
  readonly version: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly socket: string;
  readonly clients: number;
  readonly vms: number;
  /** Resident memory of the process in bytes. */
  readonly residentBytes: number;
  readonly warnings: readonly string[];
}

/**
 * Parameters for making a VM.
 *
 * @experimental
 */
export interface CreateParams extends Omit<VmLaunch, 'spec'> {
  readonly spec: VmSpec;
  readonly restart?: RestartPolicy;
}

/** A shared region that the host provides; `size` is in bytes. @experimental */
export interface ShareParams {
  readonly name: string;
  readonly size: number;
}

/** A capture of frames that devices send to a switch; `path` is absolute. @experimental */
export interface CaptureParams {
  readonly switch: string;
  readonly path: string;
}

/** Requests with their parameters and results. `vm` is a name or a number. @experimental */
export interface ControlMethods {
  hello: {
    readonly params: { readonly version: number };
    readonly result: { readonly version: number; readonly software: string; readonly pid: number };
  };
  'host.status': { readonly params: Nothing; readonly result: HostStatus };
  /** Answers when the shutdown has begun; the connection ends when it is complete. */
  'host.stop': { readonly params: { readonly timeoutMs?: number }; readonly result: Nothing };
  'host.share': { readonly params: ShareParams; readonly result: Nothing };
  'host.capture': { readonly params: CaptureParams; readonly result: Nothing };
  /** Sets the CPUs and the priority of the host's own thread. */
  'host.place': { readonly params: ThreadPlace; readonly result: { readonly warnings: readonly string[] } };
  'vm.create': {
    readonly params: CreateParams;
    readonly result: {
      readonly id: number;
      readonly warnings: readonly Finding[];
      readonly announcements: readonly string[];
    };
  };
  'vm.start': { readonly params: OfVm; readonly result: Nothing };
  'vm.list': { readonly params: Nothing; readonly result: readonly VmSummary[] };
  'vm.pause': { readonly params: OfVm; readonly result: Nothing };
  'vm.resume': { readonly params: OfVm; readonly result: Nothing };
  /** Presses the power button; answers when the VM has ended. */
  'vm.stop': { readonly params: OfVm & { readonly timeoutMs?: number }; readonly result: VmEnd };
  'vm.destroy': { readonly params: OfVm; readonly result: VmEnd };
  /** Answers when the VM has ended finally. */
  'vm.wait': { readonly params: OfVm; readonly result: VmEnd };
  'vm.stat': { readonly params: OfVm; readonly result: VmStatsReport };
  'vm.irqstat': { readonly params: OfVm; readonly result: readonly InterruptStatistics[] };
  'vm.vdevstat': { readonly params: OfVm; readonly result: readonly VdevStatus[] };
  /** All occupied ranges of guest-physical memory, in ascending order. */
  'vm.map': { readonly params: OfVm; readonly result: readonly MappedRange[] };
  'vm.registers': { readonly params: OfVm; readonly result: readonly RegisterReport[] };
  'vm.memory': {
    readonly params: OfVm & { readonly address: number; readonly length: number };
    readonly result: { readonly base64: string };
  };
  /** Like `vm.memory`, by virtual address: `0x…`, because it may have 64 bits. Default vCPU 0. */
  'vm.virtualMemory': {
    readonly params: OfVm & { readonly address: string; readonly length: number; readonly vcpu?: number };
    readonly result: { readonly base64: string };
  };
  /** `path` is an absolute path on the host. */
  'vm.dump': { readonly params: OfVm & { readonly path: string }; readonly result: { readonly bytes: number } };
  'vm.screenshot': {
    readonly params: OfVm;
    readonly result: { readonly width: number; readonly height: number; readonly base64: string };
  };
  'vm.type': { readonly params: OfVm & { readonly text: string }; readonly result: { readonly untyped: string } };
  /** Starts recording a VM, for one client at a time. */
  'trace.start': { readonly params: OfVm; readonly result: Nothing };
  /**
   * Returns the records since the last call: chunks of a trace file (docs/formats/trace.md), and whether there will be
   * more.
   */
  'trace.read': { readonly params: OfVm; readonly result: { readonly base64: string; readonly running: boolean } };
  /** Ends the recording; remaining records can still be read. */
  'trace.stop': { readonly params: OfVm; readonly result: Nothing };
  /**
   * Output is sent as `console` events with the subscription number that the client has chosen, until the VM has ended
   * finally.
   */
  'console.attach': {
    readonly params: OfVm & { readonly subscription: number; readonly stream?: string; readonly backlog?: boolean };
    readonly result: Nothing;
  };
  /** Answers when the guest has room for more. */
  'console.input': {
    readonly params: OfVm & { readonly stream?: string; readonly base64: string };
    readonly result: Nothing;
  };
  /** Reports the size of the client's terminal, in characters. */
  'console.resize': {
    readonly params: OfVm & { readonly stream?: string; readonly columns: number; readonly rows: number };
    readonly result: Nothing;
  };
  detach: { readonly params: { readonly subscription: number }; readonly result: Nothing };
}

/** The name of a method. @experimental */
export type ControlMethod = keyof ControlMethods;

/** No parameters, or no result. */
export type Nothing = Readonly<Record<string, never>>;

interface OfVm {
  readonly vm: string;
}

/** Events that the host sends without a request. @experimental */
export type ControlEvent =
  | {
      readonly event: 'console';
      readonly subscription: number;
      readonly base64: string;
      /** Number of bytes before these that this client has lost because it was too slow. */
      readonly lost?: number;
    }
  /** A subscription has ended because the VM has ended. */
  | { readonly event: 'end'; readonly subscription: number };

/** Messages from a host to its client. */
export type FromHost =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  /** A request could not be parsed; the connection ends. */
  | { readonly error: WireError }
  | ControlEvent;
