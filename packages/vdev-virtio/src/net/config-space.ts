import { S_LINK_UP } from './constants.js';

/** Size of struct virtio_net_config in bytes (VirtIO 1.2 §5.1.4), up to the last field of an offered feature. */
export const CONFIG_BYTES = 12;
const STATUS_AT = 6;
const MTU_AT = 10;

/**
 * The configuration space of a network card.
 *
 * @param mtu - absent if F_MTU is not offered.
 */
export function configSpace(mac: Uint8Array, linkUp: boolean, mtu = 0): DataView {
  const config = new DataView(new ArrayBuffer(CONFIG_BYTES));
  mac.forEach((byte, index) => config.setUint8(index, byte));
  config.setUint16(STATUS_AT, linkUp ? S_LINK_UP : 0, true);
  config.setUint16(MTU_AT, mtu, true);
  return config;
}
