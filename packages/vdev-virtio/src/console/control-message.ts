/** Size of a message without its payload in bytes. */
export const CONTROL_HEADER_BYTES = 8;

/** A control message, in either direction. */
export interface ControlMessage {
  readonly port: number;
  readonly event: number;
  readonly value: number;
}

/** Encodes a message for the driver. */
export function encodeMessage({ port, event, value }: ControlMessage, payload: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(CONTROL_HEADER_BYTES + payload.length);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, port, true);
  data.setUint16(4, event, true);
  data.setUint16(6, value, true);
  bytes.set(payload, CONTROL_HEADER_BYTES);
  return bytes;
}

/** Decodes a message, without its payload. */
export function decodeMessage(bytes: Uint8Array): ControlMessage {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { port: data.getUint32(0, true), event: data.getUint16(4, true), value: data.getUint16(6, true) };
}
