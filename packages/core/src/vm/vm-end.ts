import type { VmRequest } from '../architecture/architecture.js';
import { VmExitCode, type VmExit } from './vm-exit.js';
import { isFailure } from './vm-failure.js';

/** How a VM ends, and whether it is then `failed` rather than `stopped`. */
export interface VmEnd {
  readonly exit: VmExit;
  readonly failed: boolean;
}

/** The host stopped the VM. */
export const STOPPED: VmEnd = { exit: { exitCode: VmExitCode.Normal, reason: 'The VM was stopped.' }, failed: false };
/** The host cut the power. */
export const POWER_CUT: VmEnd = {
  exit: { exitCode: VmExitCode.PowerCut, reason: 'The power was cut.' },
  failed: false,
};
const POWERED_OFF: VmEnd = { exit: { exitCode: VmExitCode.Normal, reason: 'The guest powered off.' }, failed: false };
/** The guest asked for a reset that the VM's options answer by its end. */
export const GUEST_RESET: VmEnd = {
  exit: { exitCode: VmExitCode.Normal, reason: 'The guest reset its machine.' },
  failed: false,
};

/** The VM could not be started. */
export function startFailed(vm: string, cause: unknown): VmEnd {
  const reason = `The VM ${vm} could not be started.`;
  return { exit: { exitCode: VmExitCode.StartFailed, reason, cause }, failed: true };
}

/**
 * The end that was asked for.
 *
 * @param stopped - whether the host has stopped a guest that has no power button.
 */
export function endBy(request: Exclude<VmRequest, { readonly kind: 'reset' }>, stopped: boolean): VmEnd {
  if (request.kind === 'poweroff') return stopped ? STOPPED : POWERED_OFF;
  const { exitCode, reason, cause } = request;
  return { exit: { exitCode, reason, ...(cause === undefined ? {} : { cause }) }, failed: isFailure(exitCode) };
}

/** The guest reset its machine by a state in which no processor goes on. */
export function endByFault(reason: string): VmEnd {
  return { exit: { exitCode: VmExitCode.Unsupported, reason }, failed: true };
}

/** The end of a guest that resets again and again. */
export function endByResetLoop(inARow: number): VmEnd {
  const often = `${inARow} times in a row, and never ran for ten seconds between`;
  return { exit: { exitCode: VmExitCode.Watchdog, reason: `The guest reset its machine ${often}.` }, failed: true };
}
