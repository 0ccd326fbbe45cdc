/** Numbers of the block device, under the names of VirtIO 1.2 §5.2 without the prefix VIRTIO_BLK. */

export const DEVICE_ID = 2;

/** Feature bits (§5.2.3). */
export const F_SEG_MAX = 1n << 2n;
export const F_RO = 1n << 5n;
export const F_BLK_SIZE = 1n << 6n;
export const F_FLUSH = 1n << 9n;
export const F_TOPOLOGY = 1n << 10n;
export const F_CONFIG_WCE = 1n << 11n;
export const F_MQ = 1n << 12n;
export const F_DISCARD = 1n << 13n;
export const F_WRITE_ZEROES = 1n << 14n;

export const FEATURE_NAMES: Readonly<Record<number, string>> = {
  2: 'SEG_MAX',
  5: 'RO',
  6: 'BLK_SIZE',
  9: 'FLUSH',
  10: 'TOPOLOGY',
  11: 'CONFIG_WCE',
  12: 'MQ',
  13: 'DISCARD',
  14: 'WRITE_ZEROES',
};

/** Request types (§5.2.6). */
export const T_IN = 0;
export const T_OUT = 1;
export const T_FLUSH = 4;
export const T_GET_ID = 8;
export const T_DISCARD = 11;
export const T_WRITE_ZEROES = 13;

/** Values of a request's status byte (§5.2.6). */
export const S_OK = 0;
export const S_IOERR = 1;
export const S_UNSUPP = 2;

/** Size of the header in bytes: type, a reserved word, sector. */
export const HEADER_BYTES = 16;
export const STATUS_BYTES = 1;
/** Number of bytes that GET_ID returns; a shorter identifier is NUL-terminated. */
export const ID_BYTES = 20;
/** Size of struct virtio_blk_discard_write_zeroes in bytes. */
export const SEGMENT_BYTES = 16;
export const SEGMENT_FLAG_UNMAP = 1;

/** Limits of this device, reported in the configuration space. */
export const QUEUE_SIZE = 256;
/** Header and status take one descriptor each. */
export const SEG_MAX = QUEUE_SIZE - 2;
export const MAX_DISCARD_SECTORS = 0x40_0000;
export const MAX_DISCARD_SEGMENTS = 64;
export const MAX_WRITE_ZEROES_SECTORS = 0x1_0000;
export const MAX_WRITE_ZEROES_SEGMENTS = 1;
export const MAX_QUEUES = 16;
