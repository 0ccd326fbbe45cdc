import { QvmError } from '../errors/qvm-error.js';
import type { MemoryAccess } from './guest-memory.js';

/**
 * Thrown when an access of the host to guest memory is not entirely in RAM. Code `memory.guest-access`.
 *
 * @stable
 */
export class GuestMemoryError extends QvmError {
  /** First guest-physical address of the access. */
  readonly address: number;
  /** Length of the access in bytes. */
  readonly length: number;

  constructor(access: MemoryAccess, address: number, length: number) {
    super(
      'memory.guest-access',
      `Cannot ${access} ${length} bytes at guest-physical address 0x${address.toString(16)}: not all of it is ${
        access === 'read' ? 'memory' : 'writable memory'
      }.`,
    );
    this.address = address;
    this.length = length;
  }
}
