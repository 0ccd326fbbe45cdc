import { QvmError } from '@qvm/core';

export const MAC_BYTES = 6;
/** IEEE 802, 8.2: an address of a group; an address that the vendor of a card did not give. */
const GROUP = 0x01;
const LOCAL = 0x02;

/** Six bytes of a frame as one number: 48 bits are exact. */
export function macAt(bytes: Uint8Array, at: number): number {
  let mac = 0;
  for (let index = at; index < at + MAC_BYTES; index++) mac = mac * 0x100 + (bytes[index] ?? 0);
  return mac;
}

export function isGroup(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] ?? 0) & GROUP) !== 0;
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * Reads `52:54:00:12:34:56`.
 *
 * @throws QvmError `network.address` for what is no address of one station.
 */
export function parseMac(text: string): Uint8Array {
  const parts = text.split(/[:-]/);
  const bytes = Uint8Array.from(parts, (part) => (/^[0-9a-f]{1,2}$/i.test(part) ? parseInt(part, 16) : NaN));
  const wellFormed = parts.length === MAC_BYTES && parts.every((part) => /^[0-9a-f]{1,2}$/i.test(part));
  if (wellFormed && !isGroup(bytes, 0)) return bytes;
  throw new QvmError('network.address', `${text} is not the address of one station.`);
}

/** An address of a device that got none: locally administered, the same in each run, another for each name. */
export function defaultMac(vm: string, vdev: string): Uint8Array {
  const hash = fnv1a(`${vm}/${vdev}`);
  const mac = new Uint8Array(MAC_BYTES);
  new DataView(mac.buffer).setUint32(2, Number(hash & 0xffff_ffffn));
  mac[0] = LOCAL;
  mac[1] = Number((hash >> 32n) & 0xffn);
  return mac;
}

/** The 64-bit hash of RFC 9923. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  return hash;
}
