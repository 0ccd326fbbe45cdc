/**
 * A number as messages and listings show it: `0x9000000`.
 *
 * @param value - not negative.
 * @param digits - fewest digits, filled up with zeros; 1 when absent.
 * @experimental
 */
export function hexadecimal(value: number | bigint, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
