/** Who defines a function (SMCCC DEN0028 table 6-1). @experimental */
export enum Owner {
  Architecture = 0,
  /** Standard secure services: PSCI. */
  Standard = 4,
  /** Vendor-specific hypervisor services. */
  Hypervisor = 6,
}

/**
 * A function identifier, taken apart (SMCCC DEN0028 2.5).
 *
 * @experimental
 */
export interface FunctionId {
  readonly owner: number;
  readonly number: number;
  /** Whether arguments and results have 64 bits. */
  readonly wide: boolean;
}

/** Bits 23–16 are zero in fast calls. */
const RESERVED = 0x00ff_0000;

/**
 * Takes apart an identifier; `undefined` for one that names no fast call.
 *
 * @experimental
 */
export function parseFunctionId(id: number): FunctionId | undefined {
  if (id >>> 31 === 0 || (id & RESERVED) !== 0) return undefined;
  return { owner: (id >>> 24) & 0x3f, number: id & 0xffff, wide: ((id >>> 30) & 1) === 1 };
}
