import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';

/**
 * What the engine itself keeps of a vCPU that the guest or a trace can see.
 *
 * @experimental
 */
export interface RunState {
  /** Instructions retired. */
  readonly instructions: number;
  /** Whether the vCPU is powered on. */
  readonly on: boolean;
  /** It waits, for an interrupt or event. */
  readonly waiting: boolean;
  /** The cause of the exit that the last run ended with; absent before the first one. */
  readonly outside: string | undefined;
}

const KEYS = ['instructions', 'on', 'waiting', 'outside'] as const;
const LONGEST_CAUSE = 64;

/** {@link RunState} for a snapshot. */
export function saveRunState({ instructions, on, waiting, outside }: RunState): Json {
  return { instructions, on, waiting, outside: outside ?? null };
}

/**
 * {@link RunState} from a snapshot.
 *
 * @throws VdevStateError when it is not of the shape that {@link saveRunState} gives.
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
