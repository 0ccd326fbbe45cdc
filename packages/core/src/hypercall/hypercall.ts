import type { HypercallEvent, HypercallResult } from '../hooks/vcpu-hooks.js';
import { createToken, type Token } from '../plugin/token.js';

/**
 * Answers one call of a guest. `event.args` are in the form of the call: 32 bits each if the guest used the 32-bit
 * form. A function that throws ends its VM with exit code 6.
 *
 * @beta
 */
export type HypercallFunction = (event: HypercallEvent) => HypercallResult;

/**
 * The calls that a machine's hypervisor answers, in the range that vdevs and programs of the host may use (Arm:
 * vendor-specific hypervisor service, SMCCC DEN0028 table 6-1). Numbers below 0x1000 are qvm's own; docs/hypercalls.md
 * lists them.
 *
 * @beta
 */
export interface HypercallRegistry {
  /**
   * Adds a call. Must be called before the guest starts.
   *
   * @param number - the function number, 0 to 0xfeff: bits 15–0 of the function identifier. Guests can call it in both
   * forms.
   * @param provider - name of the vdev or program, for errors.
   * @throws `QvmError` `hypercall.number` when the number is out of range, `hypercall.taken` when the call exists.
   */
  add(number: number, provider: string, answer: HypercallFunction): void;
  /** Whether a call with this number exists. */
  has(number: number): boolean;
}

/** The calls of a VM, for vdevs and, through `VmHandle.service`, for programs of the host. @beta */
export const HYPERCALLS: Token<HypercallRegistry> = createToken('@qvm/core/HypercallRegistry');

/**
 * Status codes of calls, in the first result register (SMCCC DEN0028 7.1).
 *
 * @beta
 */
export enum HypercallStatus {
  /** The call succeeded. */
  Success = 0,
  /** There is no such call. */
  NotSupported = -1,
  /** The call is known, but has nothing to do on this machine. */
  NotRequired = -2,
  /** An argument is invalid. */
  InvalidParameter = -3,
}
