/** Numbers of the network device, under the names of VirtIO 1.2 §5.1 without the prefix VIRTIO_NET. */

export const DEVICE_ID = 1;

/** Feature bits (§5.1.3). */
export const F_CSUM = 1n << 0n;
export const F_GUEST_CSUM = 1n << 1n;
export const F_MTU = 1n << 3n;
export const F_MAC = 1n << 5n;
export const F_GUEST_TSO4 = 1n << 7n;
export const F_GUEST_TSO6 = 1n << 8n;
export const F_GUEST_ECN = 1n << 9n;
export const F_HOST_TSO4 = 1n << 11n;
export const F_HOST_TSO6 = 1n << 12n;
export const F_HOST_ECN = 1n << 13n;
export const F_MRG_RXBUF = 1n << 15n;
export const F_STATUS = 1n << 16n;
export const F_CTRL_VQ = 1n << 17n;
export const F_CTRL_RX = 1n << 18n;
export const F_CTRL_VLAN = 1n << 19n;
export const F_CTRL_RX_EXTRA = 1n << 20n;
export const F_CTRL_MAC_ADDR = 1n << 23n;

export const FEATURE_NAMES: Readonly<Record<number, string>> = {
  0: 'CSUM',
  1: 'GUEST_CSUM',
  3: 'MTU',
  5: 'MAC',
  7: 'GUEST_TSO4',
  8: 'GUEST_TSO6',
  9: 'GUEST_ECN',
  11: 'HOST_TSO4',
  12: 'HOST_TSO6',
  13: 'HOST_ECN',
  15: 'MRG_RXBUF',
  16: 'STATUS',
  17: 'CTRL_VQ',
  18: 'CTRL_RX',
  19: 'CTRL_VLAN',
  20: 'CTRL_RX_EXTRA',
  23: 'CTRL_MAC_ADDR',
};

/** Queues (§5.1.2), without MQ. */
export const RECEIVE_QUEUE = 0;
export const TRANSMIT_QUEUE = 1;
export const CONTROL_QUEUE = 2;
export const QUEUE_SIZE = 256;
export const CONTROL_QUEUE_SIZE = 64;

/** Status field of the configuration space (§5.1.4). */
export const S_LINK_UP = 1;

/** Size of `struct virtio_net_hdr` in bytes (§5.1.6), with `num_buffers`. */
export const HEADER_BYTES = 12;
/** Size of the header without `num_buffers`. */
export const LEGACY_HEADER_BYTES = 10;
export const HDR_F_NEEDS_CSUM = 1;
export const HDR_GSO_NONE = 0;
export const HDR_GSO_TCPV4 = 1;
export const HDR_GSO_TCPV6 = 4;
export const HDR_GSO_ECN = 0x80;

/** Commands of the control queue (§5.1.6.5): class and command. */
export const CTRL_RX = 0;
export const CTRL_RX_PROMISC = 0;
export const CTRL_RX_ALLMULTI = 1;
export const CTRL_RX_ALLUNI = 2;
export const CTRL_RX_NOMULTI = 3;
export const CTRL_RX_NOUNI = 4;
export const CTRL_RX_NOBCAST = 5;
export const CTRL_MAC = 1;
export const CTRL_MAC_TABLE_SET = 0;
export const CTRL_MAC_ADDR_SET = 1;
export const CTRL_VLAN = 2;
export const CTRL_VLAN_ADD = 0;
export const CTRL_VLAN_DEL = 1;
export const ACK_OK = 0;
export const ACK_ERR = 1;
