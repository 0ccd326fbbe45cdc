import { HypercallStatus } from '@qvm/core';
import type { HypercallResult } from '@qvm/core';
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

/** The low word of an argument register: all of it that a 32-bit call has. @experimental */
export const wordArgument = (vcpu: Aarch64Vcpu, n: number): number => Number(vcpu.state.x(n) & 0xffff_ffffn);

/** The status for "there is one" or "there is none". @experimental */
export const presence = (there: boolean): HypercallStatus =>
  there ? HypercallStatus.Success : HypercallStatus.NotSupported;
