import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, type BlockBackend } from '@qvm/core/services';

/**
 * Refuses what the contract of disks forbids: whoever uses a disk checks what a guest asks for, and this is the second lock.
 *
 * @throws QvmError `block.range`.
 */
export function requireRange({ size }: Pick<BlockBackend, 'size'>, offset: number, length: number): void {
  const whole = offset % BLOCK_SECTOR === 0 && length % BLOCK_SECTOR === 0;
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new QvmError('block.range', `${length} bytes at ${offset} are no sectors of a disk of ${size} bytes.`);
}
