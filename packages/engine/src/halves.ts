/** The 64-bit number of two unsigned halves: addresses are kept in halves where a BigInt for each would cost too much. @experimental */
export const fromHalves = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) | BigInt(lo);
