import type { FrameOffload, OffloadSet } from '@qvm/core/services';
import { completeChecksum } from './checksum.js';
import { segmentTcp } from './segment.js';

/** Whether a receiver accepts the offload that a frame requests. */
export function accepts(accepted: OffloadSet, offload: FrameOffload | undefined): boolean {
  if (offload === undefined || !offload.needsChecksum) return true;
  if (!accepted.checksum) return false;
  return offload.segmentation === 'none' || (accepted[offload.segmentation] && (accepted.ecn || !offload.ecn));
}

/**
 * The frames on the wire for an admissible frame: segmented, with all checksums. They are copies; `frame` is not
 * changed.
 */
export function* wireFrames(frame: Uint8Array, offload: FrameOffload | undefined): Generator<Uint8Array> {
  if (offload === undefined || !offload.needsChecksum) {
    yield frame;
    return;
  }
  if (offload.segmentation !== 'none') {
    yield* segmentTcp(frame, offload.segmentSize);
    return;
  }
  const copy = frame.slice();
  completeChecksum(copy, offload.checksumStart, offload.checksumOffset);
  yield copy;
}
