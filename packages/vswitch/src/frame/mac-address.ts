import { ADDRESS_BYTES } from './ethernet.js';

/** The group bit: the address of several stations, or of all (IEEE 802, 8.2.2). */
const GROUP = 0x01;

/** The address at an offset of a frame as one number: 48 bits are exact. */
export function addressAt(bytes: Uint8Array, at: number): number {
  let address = 0;
  for (let index = at; index < at + ADDRESS_BYTES; index++) address = address * 0x100 + (bytes[index] ?? 0);
  return address;
}

/** Whether the address at an offset is a multicast or broadcast address. */
export function isGroupAddress(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] ?? 0) & GROUP) !== 0;
}

/** `52:54:00:12:34:56`. */
export function formatAddress(address: number): string {
  const digits = address.toString(16).padStart(2 * ADDRESS_BYTES, '0');
  return (digits.match(/../g) ?? []).join(':');
}
