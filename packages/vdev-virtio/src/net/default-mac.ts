import { MAC_BYTES } from '@qvm/core/services';

/** The bit of the first byte for locally administered addresses (IEEE 802, 8.2.2). */
const LOCAL = 0x02;

/**
 * The address of a device without a configured one: locally administered, the same in each run, different for each
 * name.
 */
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
