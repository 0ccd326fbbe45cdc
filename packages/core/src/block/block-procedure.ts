import { QvmError } from '../errors/qvm-error.js';
import type { BlockBackend, BlockOperations } from './block.js';

/**
 * One step of a procedure. `on` returns a disk's operations, synchronous or asynchronous as the procedure is performed.
 *
 * @beta
 */
export type BlockStep = <Result>(on: (disk: BlockBackend) => BlockOperations<Result>) => Result;

/**
 * A sequence of operations on one or several disks, written once for both ways to perform it. A `yield` returns when
 * the operation has ended, and throws when it has failed.
 *
 * @beta
 */
export type BlockProcedure<T = void> = Generator<BlockStep, T, void>;

/**
 * Performs a procedure asynchronously.
 *
 * @beta
 */
export async function perform<T>(procedure: BlockProcedure<T>): Promise<T> {
  let next = procedure.next();
  while (next.done !== true) {
    try {
      await next.value((disk) => disk);
    } catch (error) {
      next = procedure.throw(error);
      continue;
    }
    next = procedure.next();
  }
  return next.value;
}

/**
 * Performs a procedure synchronously.
 *
 * @throws QvmError `block.sync` when a disk has no synchronous operations, and any error of the procedure.
 * @beta
 */
export function performSync<T>(procedure: BlockProcedure<T>): T {
  let next = procedure.next();
  while (next.done !== true) {
    try {
      next.value(syncOperations);
    } catch (error) {
      next = procedure.throw(error);
      continue;
    }
    next = procedure.next();
  }
  return next.value;
}

function syncOperations(disk: BlockBackend): BlockOperations<void> {
  if (disk.sync === undefined) {
    throw new QvmError('block.sync', 'This disk cannot be used synchronously, as a VM with --icount needs it.');
  }
  return disk.sync;
}
