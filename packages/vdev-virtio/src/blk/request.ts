import type { VirtqueueBuffer } from '../device/virtio-device.js';
import { HEADER_BYTES, STATUS_BYTES } from './constants.js';

/**
 * A request in the driver's framing (VirtIO 1.2 §5.2.6): 16 bytes of header and data to read, then data to write and
 * the status byte. Its distribution over descriptors has no meaning (§2.7.4).
 */
export interface BlkRequest {
  readonly type: number;
  /** Exact to 2^53, which is beyond every disk; larger numbers are rounded but stay larger. */
  readonly sector: number;
  readonly buffer: VirtqueueBuffer;
  /** Number of bytes of data for the device, from {@link HEADER_BYTES} on in the readable part. */
  readonly dataOut: number;
  /** Number of bytes for data from the device, from 0 on in the writable part; the status byte follows. */
  readonly dataIn: number;
}

/** Decodes a request; `undefined` if it has no room for its header or status. */
export function readRequest(buffer: VirtqueueBuffer): BlkRequest | undefined {
  if (buffer.readable < HEADER_BYTES || buffer.writable < STATUS_BYTES) return undefined;
  const header = new Uint8Array(HEADER_BYTES);
  buffer.read(0, header);
  const view = new DataView(header.buffer);
  return {
    type: view.getUint32(0, true),
    sector: Number(view.getBigUint64(8, true)),
    buffer,
    dataOut: buffer.readable - HEADER_BYTES,
    dataIn: buffer.writable - STATUS_BYTES,
  };
}
