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
  readonly on: boolean;
  /** It waits, for an interrupt or event. */
  readonly waiting: boolean;
  /** The cause of the exit that it waits in; absent when it has not left the guest for that. */
  readonly waitsFor: string | undefined;
}

const KEYS = ['instructions', 'on', 'waiting', 'waitsFor'] as const;
const LONGEST_CAUSE = 64;

/** {@link RunState} for a snapshot. */
export function saveRunState({ instructions, on, waiting, waitsFor }: RunState): Json {
  return { instructions, on, waiting, waitsFor: waitsFor ?? null };
}

/**
 * {@link RunState} from a snapshot.
 *
 * @throws VdevStateError when it is not of the shape that {@link saveRunState} gives.
 */
export function parseRunState(saved: unknown): RunState {
  const { instructions, on, waiting, waitsFor } = requireObject(saved, KEYS, 'run');
  if (waitsFor !== null && (typeof waitsFor !== 'string' || waitsFor.length > LONGEST_CAUSE))
    throw new VdevStateError('run.waitsFor is not the name of an exit');
  return {
    instructions: requireUnsigned(instructions, Number.MAX_SAFE_INTEGER, 'run.instructions'),
    on: requireBoolean(on, 'run.on'),
    waiting: requireBoolean(waiting, 'run.waiting'),
    waitsFor: waitsFor ?? undefined,
  };
}
