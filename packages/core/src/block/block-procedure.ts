import { QvmError } from '../errors/qvm-error.js';
import type { BlockBackend, BlockOperations } from './block.js';

/**
 * One operation of a procedure. `on` gives the operations of a disk in the way in which the procedure is performed.
 *
 * @experimental
 */
export type BlockStep = <Result>(on: (disk: BlockBackend) => BlockOperations<Result>) => Result;

/**
 * Operations in a row, on one disk or several, written once for both ways to perform them: each `yield` is over when the operation
 * is, and throws when it fails.
 *
 * @experimental
 */
export type BlockProcedure<T = void> = Generator<BlockStep, T, void>;

/**
 * Performs a procedure without holding up the caller.
 *
 * @experimental
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
 * Performs a procedure before it returns.
 *
 * @throws QvmError `block.sync` when a disk has no synchronous operations, and whatever the procedure throws.
 * @experimental
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
