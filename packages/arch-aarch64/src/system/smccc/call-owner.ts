import { HypercallStatus } from '@qvm/core/services';
import type { HypercallResult } from '@qvm/core/hooks';
import type { Aarch64Vcpu } from '../../vcpu/aarch64-vcpu.js';
import type { FunctionId } from './function-id.js';

/**
 * What a call came to: a status for X0, the values of X0 to X3, or no answer at all because the vCPU stops there.
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
 * X1 to X6 of a call, or W1 to W6 with zeros above, as its form has them (SMCCC DEN0028 3.1).
 *
 * @experimental
 */
export type CallArguments = readonly [bigint, bigint, bigint, bigint, bigint, bigint];

/**
 * The argument registers of a vCPU that calls.
 *
 * @param wide - whether the call has 64-bit arguments.
 * @experimental
 */
export function callArguments({ state }: Aarch64Vcpu, wide: boolean): CallArguments {
  const argument = (n: number): bigint => (wide ? state.x(n) : BigInt.asUintN(32, state.x(n)));
  return [argument(1), argument(2), argument(3), argument(4), argument(5), argument(6)];
}

/**
 * Answers the calls that one owner defines.
 *
 * @experimental
 */
export interface CallOwner {
  call(call: SmcccCall): CallOutcome;
  /** Whether there is such a function, in this form. */
  has(id: FunctionId): boolean;
}

/** The status for "there is one" or "there is none". @experimental */
export const presence = (there: boolean): HypercallStatus =>
  there ? HypercallStatus.Success : HypercallStatus.NotSupported;
