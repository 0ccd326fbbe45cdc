/**
 * Whether a name fits a pattern with `*` (any run of characters) and `?` (one character). Takes time in proportion to the
 * product of both lengths at most.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    const wanted = pattern[from];
    if (wanted === '*') {
      star = from++;
      resume = at;
    } else if (wanted === '?' || wanted === name[at]) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[from] === '*') from++;
  return from === pattern.length;
}
