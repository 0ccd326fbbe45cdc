/**
 * Formats a number for messages and listings: `0x9000000`.
 *
 * @param value - not negative.
 * @param digits - smallest number of digits, padded with zeros; 1 when absent.
 * @beta
 */
export function hexadecimal(value: number | bigint, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
