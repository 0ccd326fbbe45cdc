/** The number of bytes in a list of views. */
export function viewsLength(views: readonly Uint8Array[]): number {
  return views.reduce((sum, { length }) => sum + length, 0);
}

/** The part of a list of views that begins at byte `start` and is at most `length` bytes long. */
export function sliceViews(views: readonly Uint8Array[], start: number, length = Infinity): readonly Uint8Array[] {
  const slices: Uint8Array[] = [];
  let [skip, left] = [start, length];
  for (const view of views) {
    if (left <= 0) break;
    const slice = view.subarray(Math.min(skip, view.length), Math.min(view.length, skip + left));
    skip = Math.max(0, skip - view.length);
    left -= slice.length;
    if (slice.length > 0) slices.push(slice);
  }
  return slices;
}

/** Copies a list of views contiguously into `target`, from `offset` on. */
export function gather(views: readonly Uint8Array[], target: Uint8Array, offset: number): void {
  let at = offset;
  for (const view of views) {
    target.set(view, at);
    at += view.length;
  }
}
