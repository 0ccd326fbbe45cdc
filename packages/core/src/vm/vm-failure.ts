import type { VmRequest } from '../architecture/architecture.js';
import { HookTapError } from '../hooks/hook-tap-error.js';
import { VdevError } from './vdev-error.js';
import { VmExitCode } from './vm-exit.js';

/** A request to end the VM. */
export type TerminateRequest = Extract<VmRequest, { readonly kind: 'terminate' }>;

/** How a VM ends by something that was thrown inside it. */
export function failureOf(cause: unknown): TerminateRequest {
  if (cause instanceof VdevError) {
    return { kind: 'terminate', exitCode: VmExitCode.VdevError, reason: cause.message, cause };
  }
  const reason = cause instanceof HookTapError ? cause.message : 'The engine failed.';
  return { kind: 'terminate', exitCode: VmExitCode.UnexpectedError, reason, cause };
}

/** Whether a VM that ends with this code is `failed` rather than `stopped`. */
export function isFailure(exitCode: number): boolean {
  return exitCode >= VmExitCode.Watchdog && exitCode <= VmExitCode.UnexpectedError;
}

/** Something thrown, as a line of a log. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
