import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';

/**
 * The engine's state of a vCPU that is visible to the guest or in a trace.
 *
 * @experimental
 */
export interface RunState {
  /** Instructions retired. */
  readonly instructions: number;
  /** Whether the vCPU is powered on. */
  readonly on: boolean;
  /** Whether it waits for an interrupt or event. */
  readonly waiting: boolean;
  /** The cause of the exit that the last run ended with; absent before the first one. */
  readonly outside: string | undefined;
}

const KEYS = ['instructions', 'on', 'waiting', 'outside'] as const;
const LONGEST_CAUSE = 64;

/** Converts a {@link RunState} to its form in a snapshot. */
export function saveRunState({ instructions, on, waiting, outside }: RunState): Json {
  return { instructions, on, waiting, outside: outside ?? null };
}

/**
 * Reads a {@link RunState} from a snapshot.
 *
 * @throws VdevStateError if it does not have the form of {@link saveRunState}.
 */
export function parseRunState(saved: unknown): RunState {
  const { instructions, on, waiting, outside } = requireObject(saved, KEYS, 'run');
  if (outside !== null && (typeof outside !== 'string' || outside.length > LONGEST_CAUSE))
    throw new VdevStateError('run.outside is not the name of an exit');
  return {
    instructions: requireUnsigned(instructions, Number.MAX_SAFE_INTEGER, 'run.instructions'),
    on: requireBoolean(on, 'run.on'),
    waiting: requireBoolean(waiting, 'run.waiting'),
    outside: outside ?? undefined,
  };
}
