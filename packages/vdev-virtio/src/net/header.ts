import type { FrameOffload } from '@qvm/core/services';
import {
  F_CSUM,
  F_HOST_ECN,
  F_HOST_TSO4,
  F_HOST_TSO6,
  F_MRG_RXBUF,
  HDR_F_NEEDS_CSUM,
  HDR_GSO_ECN,
  HDR_GSO_NONE,
  HDR_GSO_TCPV4,
  HDR_GSO_TCPV6,
  HEADER_BYTES,
  LEGACY_HEADER_BYTES,
} from './constants.js';
import { F_VERSION_1 } from '../transport/features.js';

/* struct virtio_net_hdr (VirtIO 1.2, 5.1.6):
 *   0 u8 flags, 1 u8 gso_type, 2 u16 hdr_len, 4 u16 gso_size, 6 u16 csum_start, 8 u16 csum_offset, 10 u16 num_buffers */

/**
 * Size of the header before each frame for a driver with these features: for legacy drivers, `num_buffers` exists only
 * with MRG_RXBUF.
 */
export function headerBytes(features: bigint): number {
  return (features & (F_VERSION_1 | F_MRG_RXBUF)) === 0n ? LEGACY_HEADER_BYTES : HEADER_BYTES;
}

/** The offload that the driver requests for a frame; a string if it was not negotiated. */
export function readHeader(header: DataView, features: bigint): FrameOffload | 'malformed' | undefined {
  const needsChecksum = (header.getUint8(0) & HDR_F_NEEDS_CSUM) !== 0;
  const gso = header.getUint8(1);
  const kind = gso & ~HDR_GSO_ECN;
  if (!needsChecksum) return gso === HDR_GSO_NONE ? undefined : 'malformed';
  const segmentation = kind === HDR_GSO_TCPV4 ? 'tcp4' : kind === HDR_GSO_TCPV6 ? 'tcp6' : 'none';
  const needed =
    F_CSUM |
    (segmentation === 'tcp4' ? F_HOST_TSO4 : 0n) |
    (segmentation === 'tcp6' ? F_HOST_TSO6 : 0n) |
    ((gso & HDR_GSO_ECN) === 0 ? 0n : F_HOST_ECN);
  const unknown = segmentation === 'none' && gso !== HDR_GSO_NONE;
  if (unknown || (features & needed) !== needed) return 'malformed';
  return {
    needsChecksum,
    segmentation,
    ecn: (gso & HDR_GSO_ECN) !== 0,
    segmentSize: header.getUint16(4, true),
    checksumStart: header.getUint16(6, true),
    checksumOffset: header.getUint16(8, true),
  };
}

/** Writes the header of a received frame, without `num_buffers`. */
export function writeHeader(header: DataView, frame: Uint8Array, offload: FrameOffload | undefined): void {
  for (let at = 0; at < HEADER_BYTES; at++) header.setUint8(at, 0);
  if (offload?.needsChecksum !== true) return;
  header.setUint8(0, HDR_F_NEEDS_CSUM);
  header.setUint16(6, offload.checksumStart, true);
  header.setUint16(8, offload.checksumOffset, true);
  if (offload.segmentation === 'none') return;
  header.setUint8(
    1,
    (offload.segmentation === 'tcp4' ? HDR_GSO_TCPV4 : HDR_GSO_TCPV6) | (offload.ecn ? HDR_GSO_ECN : 0),
  );
  header.setUint16(2, tcpPayload(frame, offload.checksumStart), true);
  header.setUint16(4, offload.segmentSize, true);
}

/** Offset of the payload: the upper half of a TCP header's 13th byte is the header's length in words. */
function tcpPayload(frame: Uint8Array, tcp: number): number {
  return tcp + ((frame[tcp + 12] ?? 0) >>> 4) * 4;
}
