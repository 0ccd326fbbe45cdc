import { createToken, type Token } from '../plugin/token.js';
import type { FrameOffload, OffloadSet } from './frame-offload.js';

/**
 * The networks of a host: named switches that network vdevs plug into.
 *
 * @experimental
 */
export interface NetworkFabric {
  /**
   * Plugs a device into what `peer` names: a switch (`vswitch0`), a cable to a device (`vm/vdev`), a TAP device (`tap:NAME`).
   *
   * @param device - for counters, captures and errors.
   * @throws QvmError `network.unknown-peer`, `network.peer-taken`, `network.device-taken`, `network.vlan`,
   * `network.tap-unavailable`.
   */
  connect(peer: string, device: NetworkDeviceInfo): NetworkPort;
}

/**
 * Who plugs in, and how.
 *
 * @experimental
 */
export interface NetworkDeviceInfo {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev. */
  readonly vdev: string;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** 802.1Q VLAN of untagged frames, 1 to 4094; 1 when absent. */
  readonly vlan?: number;
  /** The VLANs of tagged frames. Absent: the device sends and gets untagged frames only. */
  readonly trunk?: VlanSet;
  /** File for a capture of what the device sends and receives. */
  readonly capture?: string;
}

/**
 * VLAN identifiers from 1 to 4094.
 *
 * @experimental
 */
export type VlanSet = 'all' | readonly number[];

/**
 * One end of a cable. Frames are Ethernet frames without FCS, 14 to {@link MAXIMUM_FRAME} bytes. May lead to another thread.
 *
 * A guest's frame may be sent unchecked: the network checks lengths and {@link FrameOffload}, and drops invalid frames.
 *
 * @experimental
 */
export interface NetworkPort {
  /**
   * Sends a frame; `false` when it was dropped because it is malformed, the link is down or the other side is full. The
   * array may be reused after the call.
   */
  send(frame: Uint8Array, offload?: FrameOffload): boolean;
  /**
   * `listener` gets each frame that arrives, on the caller's event loop; the array is only valid during the call. It returns
   * `false` when it cannot take the frame now: the port keeps it, up to a bound, and tries again after `resume`. Until there
   * is a listener, and after `undefined`, what arrives is dropped.
   */
  onReceive(listener: FrameListener | undefined): void;
  /** The listener has room again. It may be called at once, for as many frames as wait. */
  resume(): void;
  /** What the listener can do itself; the network does the rest in software. Nothing at first. */
  acceptOffloads(accepted: OffloadSet): void;
  /** Whether somebody is at the other end. */
  readonly linkUp: boolean;
  /** `listener` is called after each change of `linkUp`. One listener; `undefined` removes it. */
  onLinkChange(listener: (() => void) | undefined): void;
  /** What passed so far. */
  readonly counters: NetworkCounters;
  /** Pulls the plug; what was not received is dropped. Idempotent. */
  close(): void;
}

/**
 * Takes a frame; `false` when there is no room for it now.
 *
 * @experimental
 */
export type FrameListener = (frame: Uint8Array, offload?: FrameOffload) => boolean;

/**
 * Totals of one port, from the device's side. Every frame sent is counted in `sentFrames` or `sendDrops`, every frame for the
 * device in `receivedFrames`, `receiveDrops`, or waits.
 *
 * @experimental
 */
export interface NetworkCounters {
  /** Frames that the network took from the device. */
  readonly sentFrames: number;
  /** Their bytes. */
  readonly sentBytes: number;
  /** Frames that the network refused: malformed, link down, a VLAN that the port does not have. */
  readonly sendDrops: number;
  /** Frames that the device took. */
  readonly receivedFrames: number;
  /** Their bytes. */
  readonly receivedBytes: number;
  /** Frames for the device that had no room, or no listener. */
  readonly receiveDrops: number;
}

/**
 * Smallest frame, bytes: two addresses and a type.
 *
 * @experimental
 */
export const MINIMUM_FRAME = 14;

/**
 * Largest frame, bytes: what segmentation offload can make (64 KiB and headers).
 *
 * @experimental
 */
export const MAXIMUM_FRAME = 0x1_0000 + 64;

/** The networks that a host offers to its VMs. @experimental */
export const NETWORK_FABRIC: Token<NetworkFabric> = createToken('@qvm/core/NetworkFabric');
