/**
 * What the sender of a frame left to the network: completing a checksum, cutting a large TCP frame into segments. Between two
 * devices that both can, nobody does it at all. The fields are those of `struct virtio_net_hdr` (VirtIO 1.2, 5.1.6); offsets
 * are bytes from the start of the frame.
 *
 * @experimental
 */
export interface FrameOffload {
  /**
   * The checksum over all bytes from `checksumStart` on is to be completed: its field, at `checksumStart + checksumOffset`,
   * holds the sum of the pseudo header.
   */
  readonly needsChecksum: boolean;
  /** Offset in the frame where the sum begins. */
  readonly checksumStart: number;
  /** Offset from `checksumStart` where the sum belongs. */
  readonly checksumOffset: number;
  /** How to cut the frame; anything but `none` needs `needsChecksum` too. */
  readonly segmentation: 'none' | 'tcp4' | 'tcp6';
  /** Bytes of TCP payload in a segment. */
  readonly segmentSize: number;
  /** The frame has ECN's CWR flag, which the first segment alone shall keep (RFC 3168). */
  readonly ecn: boolean;
}

/**
 * What a receiver of frames can do with {@link FrameOffload}.
 *
 * @experimental
 */
export interface OffloadSet {
  /** Takes frames whose checksum is not complete. The others need this one. */
  readonly checksum: boolean;
  /** Frames with TCP over IPv4 that are to be cut. */
  readonly tcp4: boolean;
  /** Frames with TCP over IPv6 that are to be cut. */
  readonly tcp6: boolean;
  /** Takes frames to be cut that have `ecn`. */
  readonly ecn: boolean;
}

/**
 * A receiver that gets frames as they go over a wire.
 *
 * @experimental
 */
export const NO_OFFLOADS: OffloadSet = { checksum: false, tcp4: false, tcp6: false, ecn: false };

/**
 * A receiver that passes frames on.
 *
 * @experimental
 */
export const ALL_OFFLOADS: OffloadSet = { checksum: true, tcp4: true, tcp6: true, ecn: true };
