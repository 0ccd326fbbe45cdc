/** The first gap of `size` bytes between occupied ranges in a window of `total` bytes, or `undefined`. */
export function findGap(
  taken: readonly { readonly offset: number; readonly size: number }[],
  size: number,
  total: number,
): number | undefined {
  let next = 0;
  for (const { offset, size: used } of [...taken].sort((a, b) => a.offset - b.offset)) {
    if (offset - next >= size) break;
    next = Math.max(next, offset + used);
  }
  return next + size <= total ? next : undefined;
}
