import { createToken, type Token } from '../plugin/token.js';
import type { FrameOffload, OffloadSet } from './frame-offload.js';

/**
 * The networks of a host: named switches that network vdevs connect to.
 *
 * @beta
 */
export interface NetworkFabric {
  /**
   * Connects a device to a peer: a switch (`vswitch0`), a cable to another device (`vm/vdev`), or a TAP device
   * (`tap:NAME`).
   *
   * @param device - the device, also for counters, captures and errors.
   * @throws QvmError `network.unknown-peer`, `network.peer-taken`, `network.device-taken`, `network.vlan`,
   * `network.tap-unavailable`.
   */
  connect(peer: string, device: NetworkDeviceInfo): NetworkPort;
}

/**
 * The device that connects, and its settings.
 *
 * @beta
 */
export interface NetworkDeviceInfo {
  /** Name of the VM. */
  readonly vm: string;
  /** Name of the vdev. */
  readonly vdev: string;
  /** MAC address, 6 bytes. */
  readonly mac: Uint8Array;
  /** 802.1Q VLAN of untagged frames, 1 to 4094; 1 when absent. */
  readonly vlan?: number;
  /** The VLANs of tagged frames. Absent: the device sends and receives untagged frames only. */
  readonly trunk?: VlanSet;
  /** File for a capture of the frames that the device sends and receives. */
  readonly capture?: string;
}

/**
 * VLAN identifiers from 1 to 4094.
 *
 * @beta
 */
export type VlanSet = 'all' | readonly number[];

/**
 * One end of a cable. Frames are Ethernet frames without FCS, 14 to {@link MAXIMUM_FRAME} bytes. The other end may be
 * on another thread.
 *
 * Frames of a guest may be sent without validation: the network checks lengths and {@link FrameOffload}, and drops
 * invalid frames.
 *
 * @beta
 */
export interface NetworkPort {
  /**
   * Sends a frame; `false` when it was dropped because it is malformed, the link is down or the other side is full. The
   * array may be reused after the call.
   */
  send(frame: Uint8Array, offload?: FrameOffload): boolean;
  /**
   * Sets the listener, which gets each arriving frame on the caller's event loop; the array is only valid during the
   * call. The listener returns `false` when it cannot take the frame now: the port keeps it, up to a limit, and tries
   * again after
   * `resume`. Without
   * a listener (`undefined`), arriving frames are dropped.
   */
  onReceive(listener: FrameListener | undefined): void;
  /** Tells the port that the listener has room again. It may be called at once with the waiting frames. */
  resume(): void;
  /**
   * Sets the offloads that the listener handles itself; the network does the others in software. At first there are
   * none.
   */
  acceptOffloads(accepted: OffloadSet): void;
  /** Whether a peer is connected at the other end. */
  readonly linkUp: boolean;
  /** `listener` is called after each change of `linkUp`. One listener; `undefined` removes it. */
  onLinkChange(listener: (() => void) | undefined): void;
  /** Totals so far. */
  readonly counters: NetworkCounters;
  /** Disconnects; frames that were not received are dropped. Idempotent. */
  close(): void;
}

/**
 * Takes a frame; `false` when there is no room for it now.
 *
 * @beta
 */
export type FrameListener = (frame: Uint8Array, offload?: FrameOffload) => boolean;

/**
 * Totals of one port, from the device's side. Every frame sent is counted in `sentFrames` or `sendDrops`. Every frame
 * for the device is counted in `receivedFrames` or `receiveDrops`, or is waiting.
 *
 * @beta
 */
export interface NetworkCounters {
  /** Frames that the network accepted from the device. */
  readonly sentFrames: number;
  /** Their bytes. */
  readonly sentBytes: number;
  /** Frames that the network refused: malformed, link down, or of a VLAN that the port does not have. */
  readonly sendDrops: number;
  /** Frames that the device accepted. */
  readonly receivedFrames: number;
  /** Their bytes. */
  readonly receivedBytes: number;
  /** Frames for the device that were dropped for lack of room or of a listener. */
  readonly receiveDrops: number;
}

/**
 * Smallest frame in bytes: two addresses and a type.
 *
 * @beta
 */
export const MINIMUM_FRAME = 14;

/**
 * Largest frame in bytes, which segmentation offload can produce (64 KiB and headers).
 *
 * @beta
 */
export const MAXIMUM_FRAME = 0x1_0000 + 64;

/** The networks that a host offers to its VMs. @beta */
export const NETWORK_FABRIC: Token<NetworkFabric> = createToken('@qvm/core/NetworkFabric');
