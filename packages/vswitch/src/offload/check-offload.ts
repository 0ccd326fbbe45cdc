import { MAXIMUM_FRAME, MINIMUM_FRAME, type FrameOffload } from '@qvm/core/services';
import { findTcpHeaders, TCP_CHECKSUM } from './tcp-headers.js';

/**
 * Smallest accepted segment: smaller ones are an attack, because each costs its headers. Linux uses at least 8 bytes
 * of payload.
 */
const MINIMUM_SEGMENT = 8;
const MAXIMUM_SEGMENT = 0xffff;

/** Whether all later processing can handle a frame of a guest and the offload that it requests. */
export function isAdmissible(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
  if (frame.length < MINIMUM_FRAME || frame.length > MAXIMUM_FRAME) return false;
  if (offload === undefined) return true;
  if (!offload.needsChecksum) return offload.segmentation === 'none';
  return isChecksumInside(frame, offload) && (offload.segmentation === 'none' || isSegmentable(frame, offload));
}

function isChecksumInside(frame: Uint8Array, { checksumStart, checksumOffset }: FrameOffload): boolean {
  return (
    Number.isInteger(checksumStart) &&
    Number.isInteger(checksumOffset) &&
    checksumStart >= MINIMUM_FRAME &&
    checksumOffset >= 0 &&
    checksumStart + checksumOffset + 2 <= frame.length
  );
}

function isSegmentable(frame: Uint8Array, offload: FrameOffload): boolean {
  const { segmentation, segmentSize, checksumStart, checksumOffset } = offload;
  if (!Number.isInteger(segmentSize) || segmentSize < MINIMUM_SEGMENT || segmentSize > MAXIMUM_SEGMENT) return false;
  const headers = findTcpHeaders(frame);
  return (
    headers !== undefined &&
    headers.version === (segmentation === 'tcp4' ? 4 : 6) &&
    checksumStart === headers.tcp &&
    checksumOffset === TCP_CHECKSUM
  );
}
