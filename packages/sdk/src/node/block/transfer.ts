import { sliceViews } from '../../block/views.js';

/** One system call of a transfer: `readv` or `writev` of these views at this position. */
export interface TransferPart {
  readonly views: readonly Uint8Array[];
  readonly position: number;
}

/**
 * A system call may transfer less than requested; it is repeated for the rest. The answer to each part is the number
 * of bytes transferred.
 */
function* transferring(position: number, views: readonly Uint8Array[]): Generator<TransferPart, void, number> {
  let rest = sliceViews(views, 0);
  let at = position;
  while (rest.length > 0) {
    const done = yield { views: rest, position: at };
    if (done === 0) throw new Error('the file ends too early');
    at += done;
    rest = sliceViews(rest, done);
  }
}

/** Transfers all of the views by a system call that may transfer less. */
export function transferSync(
  position: number,
  views: readonly Uint8Array[],
  call: (part: TransferPart) => number,
): void {
  const parts = transferring(position, views);
  for (let part = parts.next(); part.done !== true;) part = parts.next(call(part.value));
}

/** Like {@link transferSync}, asynchronously. */
export async function transfer(
  position: number,
  views: readonly Uint8Array[],
  call: (part: TransferPart) => Promise<number>,
): Promise<void> {
  const parts = transferring(position, views);
  for (let part = parts.next(); part.done !== true;) part = parts.next(await call(part.value));
}
