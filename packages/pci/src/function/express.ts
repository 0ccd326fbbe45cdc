import { CAPABILITY_EXPRESS } from '../config-space/registers.js';
import type { CapabilitySpec } from './capabilities.js';

const LENGTH = 0x3c;
/** Version 2, integrated endpoint of the root complex (PCI Express Base 4.0, section 7.5.3.2). */
const CAPABILITIES = 2 | (9 << 4);
/** Role-based error reporting, which every device has (section 7.5.3.3). */
const DEVICE_CAPABILITIES = 1 << 15;
/** Bits of Device Control that software can set; none of them has an effect here (section 7.5.3.4). */
const DEVICE_CONTROL = 0x7fff;

/**
 * The PCI Express capability of a function on the root bus. It has no link. Without it, systems do not look for
 * the extended configuration space.
 */
export function expressCapability(): CapabilitySpec {
  const bytes = new Uint8Array(LENGTH - 2);
  const writable = new Uint8Array(LENGTH - 2);
  put(bytes, 0x02, CAPABILITIES, 2);
  put(bytes, 0x04, DEVICE_CAPABILITIES, 4);
  put(writable, 0x08, DEVICE_CONTROL, 2);
  return { id: CAPABILITY_EXPRESS, bytes, writable };
}

/** @param offset - from the start of the capability. */
function put(bytes: Uint8Array, offset: number, value: number, width: number): void {
  for (let index = 0; index < width; index++) bytes[offset - 2 + index] = value >>> (8 * index);
}
