/**
 * Bytes of a MAC address (IEEE 802, 8.2).
 *
 * @beta
 */
export const MAC_BYTES = 6;

/** The group bit of the first byte: multicast and broadcast addresses have it (IEEE 802, 8.2.2). */
const GROUP = 0x01;
const PATTERN = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i;

/**
 * Parses `52:54:00:12:34:56` or `52-54-00-12-34-56`.
 *
 * @returns six bytes; `undefined` when the text is no MAC address.
 * @beta
 */
export function parseMac(text: string): Uint8Array | undefined {
  return PATTERN.test(text) ? Uint8Array.from(text.split(/[:-]/), (digits) => parseInt(digits, 16)) : undefined;
}

/**
 * Formats an address: `52:54:00:12:34:56`.
 *
 * @param mac - six bytes, or the result of {@link macAt}.
 * @beta
 */
export function formatMac(mac: Uint8Array | number): string {
  if (typeof mac === 'number') return formatMac(bytesOf(mac));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * Six bytes of a frame as one number, the first byte highest; 48 bits are exact. Bytes beyond the end count as zero.
 *
 * @beta
 */
export function macAt(bytes: Uint8Array, at: number): number {
  let mac = 0;
  for (let index = at; index < at + MAC_BYTES; index++) mac = mac * 0x100 + (bytes[index] ?? 0);
  return mac;
}

/**
 * Whether the address at an offset is a multicast or broadcast address.
 *
 * @beta
 */
export function isGroupMac(bytes: Uint8Array, at = 0): boolean {
  return ((bytes[at] ?? 0) & GROUP) !== 0;
}

/**
 * Whether bytes are an address that a station can have: six bytes, no group address, not all zero.
 *
 * @beta
 */
export function isStationMac(mac: Uint8Array): boolean {
  return mac.length === MAC_BYTES && !isGroupMac(mac) && macAt(mac, 0) !== 0;
}

function bytesOf(mac: number): Uint8Array {
  const bytes = new Uint8Array(MAC_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(mac / 2 ** 32));
  view.setUint32(2, mac % 2 ** 32);
  return bytes;
}
