import { BLOCK_SECTOR } from '@qvm/core/services';
import { HEADER_BYTES, S_IOERR, S_OK, S_UNSUPP, SEGMENT_BYTES, SEGMENT_FLAG_UNMAP } from './constants.js';
import type { BlkRequest } from './request.js';

/** A range of a DISCARD or WRITE_ZEROES request, in bytes. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
  readonly unmap: boolean;
}

/** Limits for such requests. */
export interface SegmentLimits {
  readonly segments: number;
  readonly sectors: number;
  /** Whether the unmap flag is allowed; DISCARD has no such flag, because unmapping is its purpose. */
  readonly mayUnmap: boolean;
}

/** The segments of a request, or the status with which it fails. */
export type SegmentsOrStatus =
  | { readonly status: typeof S_OK; readonly segments: readonly Segment[] }
  | { readonly status: typeof S_IOERR | typeof S_UNSUPP };

/**
 * Decodes the ranges of a DISCARD or WRITE_ZEROES and validates all of them before the first one is processed (VirtIO
 * 1.2 §5.2.6.2).
 *
 * @param size - size of the disk in bytes.
 */
export function readSegments(request: BlkRequest, size: number, limits: SegmentLimits): SegmentsOrStatus {
  const count = request.dataOut / SEGMENT_BYTES;
  if (!Number.isInteger(count) || count === 0 || count > limits.segments) return { status: S_IOERR };
  const bytes = new Uint8Array(request.dataOut);
  request.buffer.read(HEADER_BYTES, bytes);
  const view = new DataView(bytes.buffer);
  const segments: Segment[] = [];
  for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
    const offset = Number(view.getBigUint64(at, true)) * BLOCK_SECTOR;
    const sectors = view.getUint32(at + 8, true);
    const flags = view.getUint32(at + 12, true);
    if ((flags & ~(limits.mayUnmap ? SEGMENT_FLAG_UNMAP : 0)) !== 0) return { status: S_UNSUPP };
    const length = sectors * BLOCK_SECTOR;
    if (sectors > limits.sectors || offset + length > size) return { status: S_IOERR };
    segments.push({ offset, length, unmap: flags === SEGMENT_FLAG_UNMAP });
  }
  return { status: S_OK, segments };
}
