import { QvmError } from '@qvm/core';
import { SHARED_MEMORY_NAME_BYTES } from '@qvm/core/services';

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Whether it is a valid name of a shared region: 1 to 32 printable ASCII characters without blanks. */
export function isRegionName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= SHARED_MEMORY_NAME_BYTES && PRINTABLE.test(name);
}

/** @throws QvmError `shmem.name`. */
export function requireRegionName(name: unknown): string {
  if (isRegionName(name)) return name;
  throw new QvmError('shmem.name', 'The name of a shared region has 1 to 32 printable characters without blanks.');
}
