/**
 * Work on a frame that the sender left to the network: completing a checksum, or segmenting a large TCP frame. Between
 * two devices that both support offloads, it is never done. The fields are those of `struct virtio_net_hdr` (VirtIO
 * 1.2, 5.1.6); offsets are bytes from the start of the frame.
 *
 * @beta
 */
export interface FrameOffload {
  /**
   * Whether the checksum over all bytes from `checksumStart` on must be completed: its field, at `checksumStart +
   * checksumOffset`, holds the sum of the pseudo header.
   */
  readonly needsChecksum: boolean;
  /** Offset of the first byte that the checksum covers. */
  readonly checksumStart: number;
  /** Offset of the checksum field from `checksumStart`. */
  readonly checksumOffset: number;
  /** Kind of segmentation; any but `none` also requires `needsChecksum`. */
  readonly segmentation: 'none' | 'tcp4' | 'tcp6';
  /** Bytes of TCP payload in each segment. */
  readonly segmentSize: number;
  /** Whether the frame has ECN's CWR flag, which only the first segment keeps (RFC 3168). */
  readonly ecn: boolean;
}

/**
 * The {@link FrameOffload}s that a receiver of frames accepts.
 *
 * @beta
 */
export interface OffloadSet {
  /** Accepts frames with an incomplete checksum. The others require this one. */
  readonly checksum: boolean;
  /** Accepts unsegmented frames with TCP over IPv4. */
  readonly tcp4: boolean;
  /** Accepts unsegmented frames with TCP over IPv6. */
  readonly tcp6: boolean;
  /** Accepts unsegmented frames with `ecn`. */
  readonly ecn: boolean;
}

/**
 * For a receiver that needs frames as they would be on a wire.
 *
 * @beta
 */
export const NO_OFFLOADS: OffloadSet = { checksum: false, tcp4: false, tcp6: false, ecn: false };

/**
 * For a receiver that forwards frames.
 *
 * @beta
 */
export const ALL_OFFLOADS: OffloadSet = { checksum: true, tcp4: true, tcp6: true, ecn: true };
