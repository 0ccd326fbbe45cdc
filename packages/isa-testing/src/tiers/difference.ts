/** The first difference of two outcomes, in words; `undefined` when they are the same. @experimental */
export function difference<Outcome extends object>(expected: Outcome, actual: Outcome): string | undefined {
  for (const key of Object.keys(expected) as (keyof Outcome & string)[]) {
    const found = differenceAt(key, expected[key], actual[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function differenceAt(path: string, expected: unknown, actual: unknown): string | undefined {
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return Object.is(expected, actual) ? undefined : `${path}: expected ${show(expected)}, got ${show(actual)}`;
  if (expected instanceof Uint8Array) return differenceOfBytes(path, expected, actual as Uint8Array);
  const other = actual as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(expected)) {
    const found = differenceAt(`${path}.${key}`, value, other[key]);
    if (found !== undefined) return found;
  }
  const [before, after] = [Object.keys(expected).length, Object.keys(actual).length];
  return before === after ? undefined : `${path}: expected ${before} entries, got ${after}`;
}

function differenceOfBytes(path: string, expected: Uint8Array, actual: Uint8Array): string | undefined {
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  return at < 0
    ? undefined
    : `${path} at 0x${at.toString(16)}: expected ${show(expected[at])}, got ${show(actual[at])}`;
}

const show = (value: unknown): string => (typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value));
