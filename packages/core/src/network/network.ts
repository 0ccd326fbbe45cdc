import { createToken, type Token } from '../plugin/token.js';

/**
 * The networks of a host: named switches that network vdevs plug into.
 *
 * @experimental
 */
export interface NetworkFabric {
  /**
   * Plugs a device into what `peer` names (`vswitch0`, `vm/vdev`, a TAP device).
   *
   * @param device - for counters, captures and errors.
   * @throws QvmError `network.unknown-peer`, `network.peer-taken`.
   */
  connect(peer: string, device: NetworkDeviceInfo): NetworkPort;
}

/**
 * Who plugs in.
 *
 * @experimental
 */
export interface NetworkDeviceInfo {
  readonly vm: string;
  /** Name of the vdev. */
  readonly vdev: string;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** 802.1Q VLAN of untagged frames, 1 to 4094; 1 when absent. */
  readonly vlan?: number;
}

/**
 * One end of a cable. Frames are Ethernet frames without FCS, 14 to {@link MAXIMUM_FRAME} bytes. May lead to another thread.
 *
 * @experimental
 */
export interface NetworkPort {
  /** Sends a frame; `false` when it was dropped because the other side is full. The array may be reused after the call. */
  send(frame: Uint8Array): boolean;
  /**
   * `listener` gets each frame that arrives, on the caller's event loop; the array is only valid during the call. It returns
   * `false` when it cannot take the frame now: the port keeps it, up to a bound, and tries again after `resume`.
   */
  onReceive(listener: ((frame: Uint8Array) => boolean) | undefined): void;
  /** The listener has room again. */
  resume(): void;
  readonly counters: NetworkCounters;
  close(): void;
}

/**
 * Totals of one port, from the device's side.
 *
 * @experimental
 */
export interface NetworkCounters {
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  readonly droppedFrames: number;
}

/**
 * Largest frame, bytes: what segmentation offload can make (64 KiB and headers).
 *
 * @experimental
 */
export const MAXIMUM_FRAME = 0x1_0000 + 64;

/** The networks that a host offers to its VMs. @experimental */
export const NETWORK_FABRIC: Token<NetworkFabric> = createToken('@qvm/core/NetworkFabric');
