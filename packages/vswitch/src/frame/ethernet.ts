/**
 * Ethernet frames without FCS: destination, source, type (IEEE 802.3), with an optional tag before the type (802.1Q).
 */

const TYPE_AT = 12;
const TAG_BYTES = 4;
/** The tag protocol identifier of a customer VLAN tag (802.1Q, 9.6). */
const TPID = 0x8100;

export const EtherType = { IPv4: 0x0800, IPv6: 0x86dd } as const;

/** A 16-bit number in network byte order. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Whether the frame has a VLAN tag. */
export function isTagged(frame: Uint8Array): boolean {
  return frame.length >= TYPE_AT + TAG_BYTES + 2 && readU16(frame, TYPE_AT) === TPID;
}

/** The tag control information of a tagged frame: priority (15–13), drop eligible (12), VLAN identifier (11–0). */
export function tagOf(frame: Uint8Array): number {
  return readU16(frame, TYPE_AT + 2);
}

/** Offset and type of the frame's payload, after the VLAN tag if there is one. */
export function payloadOf(frame: Uint8Array): { readonly type: number; readonly start: number } {
  const type = TYPE_AT + (isTagged(frame) ? TAG_BYTES : 0);
  return { type: readU16(frame, type), start: type + 2 };
}

/** Adds a tag to a frame without one. */
export function withTag(frame: Uint8Array, tag: number): Uint8Array {
  const tagged = new Uint8Array(frame.length + TAG_BYTES);
  tagged.set(frame.subarray(0, TYPE_AT));
  writeU16(tagged, TYPE_AT, TPID);
  writeU16(tagged, TYPE_AT + 2, tag);
  tagged.set(frame.subarray(TYPE_AT), TYPE_AT + TAG_BYTES);
  return tagged;
}

/** The frame without its tag. */
export function withoutTag(frame: Uint8Array): Uint8Array {
  const plain = new Uint8Array(frame.length - TAG_BYTES);
  plain.set(frame.subarray(0, TYPE_AT));
  plain.set(frame.subarray(TYPE_AT + TAG_BYTES), TYPE_AT);
  return plain;
}

/** Number of bytes by which a tag moves the rest of the frame. */
export const TAG_SHIFT = TAG_BYTES;
