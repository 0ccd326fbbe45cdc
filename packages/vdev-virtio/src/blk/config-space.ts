import { BLOCK_SECTOR, type BlockBackend } from '@qvm/core/services';
import {
  MAX_DISCARD_SECTORS,
  MAX_DISCARD_SEGMENTS,
  MAX_WRITE_ZEROES_SECTORS,
  MAX_WRITE_ZEROES_SEGMENTS,
  SEG_MAX,
} from './constants.js';

/**
 * Size of struct virtio_blk_config in bytes (VirtIO 1.2 §5.2.4), without the fields of features that are not offered.
 */
export const CONFIG_BYTES = 60;
/** Offset of `writeback`, the one byte that a driver may write. */
export const WRITEBACK_AT = 32;

/** log2 of the sectors in a physical block: blocks of 4 KiB suit the host's file systems. */
const PHYSICAL_BLOCK_EXPONENT = 3;

/** The configuration space of a disk. Fields of features that are not offered are zero or harmless. */
export function configSpace(disk: BlockBackend, queues: number): DataView {
  const view = new DataView(new ArrayBuffer(CONFIG_BYTES));
  view.setBigUint64(0, BigInt(disk.size / BLOCK_SECTOR), true); // capacity
  view.setUint32(12, SEG_MAX, true);
  view.setUint32(20, BLOCK_SECTOR, true); // blk_size
  view.setUint8(24, PHYSICAL_BLOCK_EXPONENT);
  view.setUint16(26, 1 << PHYSICAL_BLOCK_EXPONENT, true); // min_io_size
  view.setUint16(34, queues, true);
  if (disk.discardUnit !== undefined) {
    view.setUint32(36, MAX_DISCARD_SECTORS, true);
    view.setUint32(40, MAX_DISCARD_SEGMENTS, true);
    view.setUint32(44, disk.discardUnit / BLOCK_SECTOR, true); // discard_sector_alignment
    view.setUint8(56, 1); // write_zeroes_may_unmap
  }
  view.setUint32(48, MAX_WRITE_ZEROES_SECTORS, true);
  view.setUint32(52, MAX_WRITE_ZEROES_SEGMENTS, true);
  return view;
}
