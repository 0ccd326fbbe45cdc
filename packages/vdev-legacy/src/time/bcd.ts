/**
 * A whole number from 0 as binary-coded decimal, one digit in each four bits; at most four digits.
 *
 * @internal
 */
export function toBcd(value: number): number {
  const digit = (weight: number): number => Math.floor(value / weight) % 10;
  return (digit(1000) << 12) | (digit(100) << 8) | (digit(10) << 4) | digit(1);
}

/**
 * The number that binary-coded decimal of at most 16 bits stands for. Digits above 9 count with their value.
 *
 * @internal
 */
export function fromBcd(bcd: number): number {
  return (bcd >>> 12) * 1000 + ((bcd >>> 8) & 0xf) * 100 + ((bcd >>> 4) & 0xf) * 10 + (bcd & 0xf);
}
