/** Owner of a function (SMCCC DEN0028 table 6-1). @experimental */
export enum Owner {
  /** Calls of the architecture. */
  Architecture = 0,
  /** Standard secure services: PSCI. */
  Standard = 4,
  /** Vendor-specific hypervisor services. */
  Hypervisor = 6,
}

/**
 * A decoded function identifier (SMCCC DEN0028 2.5).
 *
 * @experimental
 */
export interface FunctionId {
  /** An {@link Owner}. */
  readonly owner: number;
  /** Number of the function, 16 bits. */
  readonly number: number;
  /** Whether arguments and results have 64 bits. */
  readonly wide: boolean;
}

/** Bits 23–16 are zero in fast calls. */
const RESERVED = 0x00ff_0000;

/** Whether the arguments and results of a call have 64 bits. @experimental */
export const isWide = (id: number): boolean => ((id >>> 30) & 1) === 1;

/** Decodes a function identifier that is an argument; it has 32 bits in both forms of a call. @experimental */
export const queriedFunction = (argument: bigint): FunctionId | undefined =>
  parseFunctionId(Number(BigInt.asUintN(32, argument)));

/**
 * Decodes an identifier; `undefined` if it is not that of a fast call.
 *
 * @experimental
 */
export function parseFunctionId(id: number): FunctionId | undefined {
  if (id >>> 31 === 0 || (id & RESERVED) !== 0) return undefined;
  return { owner: (id >>> 24) & 0x3f, number: id & 0xffff, wide: isWide(id) };
}
