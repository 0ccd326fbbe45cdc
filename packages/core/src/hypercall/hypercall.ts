import type { HypercallEvent, HypercallResult } from '../hooks/vcpu-hooks.js';
import { createToken, type Token } from '../plugin/token.js';

/**
 * Answers one call of a guest. `event.args` are those that the call's form has: 32 bits each where the guest used the 32-bit
 * form. One that throws ends its VM, exit code 6.
 *
 * @experimental
 */
export type HypercallFunction = (event: HypercallEvent) => HypercallResult;

/**
 * The calls that a machine's hypervisor answers, as far as they are free for vdevs and programs of the host (Arm: vendor-specific
 * hypervisor service, SMCCC DEN0028 table 6-1). Numbers below 0x1000 are qvm's own; docs/hypercalls.md lists them.
 *
 * @experimental
 */
export interface HypercallRegistry {
  /**
   * Adds a call. Before the guest starts.
   *
   * @param number - the function number, 0 to 0xfeff: bits 15–0 of the function identifier. Guests reach it in both forms.
   * @param provider - the vdev's name, or that of a program: errors name it.
   * @throws QvmError `hypercall.number` when there is no such number, `hypercall.taken` when there is such a call.
   */
  add(number: number, provider: string, answer: HypercallFunction): void;
  /** Whether there is such a call. */
  has(number: number): boolean;
}

/** The calls of a VM, for vdevs and, by `VmHandle.service`, for programs of the host. @experimental */
export const HYPERCALLS: Token<HypercallRegistry> = createToken('@qvm/core/HypercallRegistry');

/**
 * Status codes of calls, in the first result register (SMCCC DEN0028 7.1).
 *
 * @experimental
 */
export enum HypercallStatus {
  /** The call did what was asked. */
  Success = 0,
  /** There is no such call. */
  NotSupported = -1,
  /** The call is known and has nothing to do here. */
  NotRequired = -2,
  /** An argument is not one that the call takes. */
  InvalidParameter = -3,
}
