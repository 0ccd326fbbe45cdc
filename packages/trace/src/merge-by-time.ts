import type { StreamCursor } from './stream-cursor.js';

/**
 * Goes through several streams at once, in order of time; of records with the same time, that of the earlier stream is first.
 * Gives the cursors themselves: each is at the record that is meant until the next one is asked for.
 */
export function* mergeByTime(cursors: readonly StreamCursor[]): Generator<StreamCursor, void, undefined> {
  const ranks = new Map(cursors.map((cursor, index) => [cursor, index]));
  const before = (one: StreamCursor, other: StreamCursor): boolean =>
    one.time < other.time || (one.time === other.time && (ranks.get(one) ?? 0) < (ranks.get(other) ?? 0));
  const heap = cursors.filter((cursor) => cursor.next());
  for (let at = heap.length >> 1; at >= 0; at--) siftDown(heap, at, before);
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top;
    if (!top.next()) {
      const last = heap.pop();
      if (last === undefined || last === top) continue;
      heap[0] = last;
    }
    siftDown(heap, 0, before);
  }
}

/** Restores the order of a binary heap whose entry `at` may be too late. */
function siftDown<T>(heap: T[], from: number, before: (one: T, other: T) => boolean): void {
  for (let at = from; ;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && before(heap[child] as T, heap[least] as T)) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least] as T, heap[at] as T];
    at = least;
  }
}
