import type { FrameOffload, OffloadSet } from '@qvm/core/services';
import { completeChecksum } from './checksum.js';
import { segmentTcp } from './segment.js';

/** Whether a receiver does itself what a frame asks for. */
export function accepts(accepted: OffloadSet, offload: FrameOffload | undefined): boolean {
  if (offload === undefined || !offload.needsChecksum) return true;
  if (!accepted.checksum) return false;
  return offload.segmentation === 'none' || (accepted[offload.segmentation] && (accepted.ecn || !offload.ecn));
}

/** The frames that go over a wire in place of an admissible frame: cut, with all checksums. Copies; `frame` stays as it is. */
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
