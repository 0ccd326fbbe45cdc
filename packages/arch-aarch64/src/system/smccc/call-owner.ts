import type { FunctionId } from '@qvm/core/architecture';
import { HypercallStatus } from '@qvm/core/services';
import type { HypercallResult } from '@qvm/core/hooks';
import type { Aarch64Vcpu } from '../../vcpu/aarch64-vcpu.js';

/**
 * Outcome of a call: a status for X0, the values of X0 to X3, or `'stop'` if there is no result because the vCPU stops.
 *
 * @experimental
 */
export type CallOutcome = number | HypercallResult | 'stop';

/**
 * A call of the SMC Calling Convention.
 *
 * @experimental
 */
export interface SmcccCall {
  readonly vcpu: Aarch64Vcpu;
  readonly conduit: 'hvc' | 'smc';
  /** The identifier, from W0. */
  readonly id: number;
  readonly function: FunctionId;
  readonly args: CallArguments;
}

/**
 * X1 to X6 of a 64-bit call, or W1 to W6 zero-extended of a 32-bit call (SMCCC DEN0028 3.1).
 *
 * @experimental
 */
export type CallArguments = readonly [bigint, bigint, bigint, bigint, bigint, bigint];

/**
 * Reads the argument registers of the calling vCPU.
 *
 * @param wide - whether the call has 64-bit arguments.
 * @experimental
 */
export function callArguments({ state }: Aarch64Vcpu, wide: boolean): CallArguments {
  const argument = (n: number): bigint => (wide ? state.x(n) : BigInt.asUintN(32, state.x(n)));
  return [argument(1), argument(2), argument(3), argument(4), argument(5), argument(6)];
}

/**
 * Implements the calls of one owner (SMCCC DEN0028 table 6-1).
 *
 * @experimental
 */
export interface CallOwner {
  call(call: SmcccCall): CallOutcome;
  /** Whether the function exists in this form (32-bit or 64-bit). */
  has(id: FunctionId): boolean;
}

/** The status for a function that exists, or does not. @experimental */
export const presence = (there: boolean): HypercallStatus =>
  there ? HypercallStatus.Success : HypercallStatus.NotSupported;
