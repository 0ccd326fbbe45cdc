import { MAXIMUM_FRAME, MINIMUM_FRAME, type FrameOffload } from '@qvm/core/services';

/* How a frame lies in a ring: a header of 16 bytes, the frame, padding to 16. All numbers are little-endian.
 *
 *   0 u32 length of the frame      8 u16 checksum start
 *   4 u8  flags                   10 u16 checksum offset
 *   5 u8  segmentation            12 u16 segment size
 *   6 u16 0                       14 u16 0
 */

export const RECORD_HEADER = 16;
const RECORD_ALIGN = 16;
const Flag = { needsChecksum: 1, ecn: 2, offload: 4 } as const;
const SEGMENTATIONS = ['none', 'tcp4', 'tcp6'] as const;

/** Number of bytes that a frame occupies in a ring. */
export function recordSize(length: number): number {
  return Math.ceil((RECORD_HEADER + length) / RECORD_ALIGN) * RECORD_ALIGN;
}

export const LARGEST_RECORD = recordSize(MAXIMUM_FRAME);

/** Writes a record's header. */
export function writeRecordHeader(header: DataView, at: number, length: number, offload?: FrameOffload): void {
  header.setUint32(at, length, true);
  header.setUint32(at + 4, 0);
  header.setFloat64(at + 8, 0);
  if (offload === undefined) return;
  header.setUint8(
    at + 4,
    Flag.offload | (offload.needsChecksum ? Flag.needsChecksum : 0) | (offload.ecn ? Flag.ecn : 0),
  );
  header.setUint8(at + 5, SEGMENTATIONS.indexOf(offload.segmentation));
  header.setUint16(at + 8, offload.checksumStart, true);
  header.setUint16(at + 10, offload.checksumOffset, true);
  header.setUint16(at + 12, offload.segmentSize, true);
}

/** Contents of a record's header. */
export interface RecordHeader {
  readonly length: number;
  readonly offload: FrameOffload | undefined;
}

/** Reads a record's header from private memory; `undefined` if it is invalid. */
export function readRecordHeader(header: DataView): RecordHeader | undefined {
  const length = header.getUint32(0, true);
  const flags = header.getUint8(4);
  const segmentation = SEGMENTATIONS[header.getUint8(5)];
  if (length < MINIMUM_FRAME || length > MAXIMUM_FRAME || segmentation === undefined) return undefined;
  if ((flags & Flag.offload) === 0) return { length, offload: undefined };
  const offload: FrameOffload = {
    needsChecksum: (flags & Flag.needsChecksum) !== 0,
    ecn: (flags & Flag.ecn) !== 0,
    segmentation,
    checksumStart: header.getUint16(8, true),
    checksumOffset: header.getUint16(10, true),
    segmentSize: header.getUint16(12, true),
  };
  return { length, offload };
}
