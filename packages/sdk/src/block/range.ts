import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, type BlockBackend } from '@qvm/core/services';

/**
 * Refuses ranges that violate the contract of disks. Callers must already have checked ranges that a guest requests;
 * this is a second check.
 *
 * @throws QvmError `block.range`.
 */
export function requireRange({ size }: Pick<BlockBackend, 'size'>, offset: number, length: number): void {
  const whole = offset % BLOCK_SECTOR === 0 && length % BLOCK_SECTOR === 0;
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new QvmError('block.range', `${length} bytes at ${offset} are no sectors of a disk of ${size} bytes.`);
}
