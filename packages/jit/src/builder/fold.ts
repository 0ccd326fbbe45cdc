import type { IntOpName } from '../wasm/opcodes.js';

/**
 * Evaluates an integer operation on constants; `undefined` if WebAssembly would trap.
 *
 * @internal
 */
export function foldInt(name: IntOpName, wide: boolean, x: bigint, y: bigint): bigint | undefined {
  const bits = wide ? 64 : 32;
  const ux = BigInt.asUintN(bits, x);
  const uy = BigInt.asUintN(bits, y);
  const sx = BigInt.asIntN(bits, x);
  const sy = BigInt.asIntN(bits, y);
  const amount = uy & BigInt(bits - 1);
  const truth = (condition: boolean): bigint => (condition ? 1n : 0n);
  switch (name) {
    case 'add':
      return ux + uy;
    case 'sub':
      return ux - uy;
    case 'mul':
      return ux * uy;
    case 'and':
      return ux & uy;
    case 'or':
      return ux | uy;
    case 'xor':
      return ux ^ uy;
    case 'shl':
      return ux << amount;
    case 'shr':
      return ux >> amount;
    case 'sar':
      return sx >> amount;
    case 'ror':
      return (ux >> amount) | (ux << (BigInt(bits) - amount));
    case 'rotl':
      return (ux << amount) | (ux >> (BigInt(bits) - amount));
    case 'eq':
      return truth(ux === uy);
    case 'ne':
      return truth(ux !== uy);
    case 'lts':
      return truth(sx < sy);
    case 'ltu':
      return truth(ux < uy);
    case 'gts':
      return truth(sx > sy);
    case 'gtu':
      return truth(ux > uy);
    case 'les':
      return truth(sx <= sy);
    case 'leu':
      return truth(ux <= uy);
    case 'ges':
      return truth(sx >= sy);
    case 'geu':
      return truth(ux >= uy);
    default:
      return undefined;
  }
}

/** Whether the operation with this constant as right operand returns its left operand. @internal */
export function isIdentity(name: IntOpName, lo: number, hi: number): boolean {
  switch (name) {
    case 'add':
    case 'sub':
    case 'or':
    case 'xor':
    case 'shl':
    case 'shr':
    case 'sar':
    case 'ror':
    case 'rotl':
      return lo === 0 && hi === 0;
    case 'and':
      return lo === -1 && hi === -1;
    default:
      return false;
  }
}
