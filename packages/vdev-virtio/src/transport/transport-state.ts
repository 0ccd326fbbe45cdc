import { requireBoolean, requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceVirtqueue, SavedQueue } from '../queue/device-virtqueue.js';
import { STATUS_DRIVER_BITS, STATUS_DRIVER_OK, STATUS_FEATURES_OK, STATUS_NEEDS_RESET } from './device-status.js';
import { ringFeatures } from './features.js';
import { featuresOf, type Negotiation } from './negotiation.js';

/** A validated saved transport. */
export interface SavedTransport {
  readonly status: number;
  readonly started: boolean;
  readonly features: readonly number[];
  readonly interrupts: number;
  readonly generation: number;
  readonly queues: readonly SavedQueue[];
  /** State that the device must validate. */
  readonly device: Json;
}

const STATUS_BITS = STATUS_DRIVER_BITS | STATUS_NEEDS_RESET;
const INTERRUPT_BITS = 3;
const FEATURE_WORDS = 2;
const MEMBERS = ['status', 'started', 'features', 'interrupts', 'generation', 'queues', 'device'] as const;

/**
 * Validates a saved transport, without changing anything.
 *
 * @param negotiation - negotiation of the transport, for the features that a driver could have accepted.
 * @throws VdevStateError
 */
export function decodeTransport(
  state: unknown,
  queues: readonly DeviceVirtqueue[],
  negotiation: Pick<Negotiation, 'acceptable' | 'legacy'>,
): SavedTransport {
  const saved = requireObject(state, MEMBERS, 'VirtIO state');
  const { legacy } = negotiation;
  const status = decodeStatus(saved.status);
  const started = requireBoolean(saved.started, 'started');
  const features = requireUnsignedArray(saved.features, FEATURE_WORDS, 0xffff_ffff, 'features');
  if (features.length !== FEATURE_WORDS) throw new VdevStateError('features are not two words');
  const accepted = featuresOf(features);
  const featuresOk = (status & STATUS_FEATURES_OK) !== 0;
  const driverOk = (status & STATUS_DRIVER_OK) !== 0;
  const settled = featuresOk || legacy;
  if (legacy ? featuresOk || (driverOk && !started) : started !== driverOk || (started && !featuresOk)) {
    throw new VdevStateError(`status 0x${status.toString(16)} is not one that a device can have`);
  }
  if (settled && !negotiation.acceptable(accepted)) {
    throw new VdevStateError('features are not those that the device offers');
  }
  return {
    status,
    started,
    features,
    interrupts: requireUnsigned(saved.interrupts, INTERRUPT_BITS, 'interrupts'),
    generation: requireUnsigned(saved.generation, 0xffff_ffff, 'generation'),
    queues: decodeQueues(saved.queues, queues, settled ? accepted : undefined),
    device: saved.device as Json,
  };
}

function decodeStatus(value: unknown): number {
  const status = requireUnsigned(value, 0xff, 'status');
  if ((status & ~STATUS_BITS) !== 0) {
    throw new VdevStateError(`status 0x${status.toString(16)} is not one that a device can have`);
  }
  return status;
}

function decodeQueues(
  value: unknown,
  queues: readonly DeviceVirtqueue[],
  features: bigint | undefined,
): readonly SavedQueue[] {
  if (!Array.isArray(value) || value.length !== queues.length) {
    throw new VdevStateError(`queues are not an array of ${queues.length}`);
  }
  const ring = features === undefined ? undefined : ringFeatures(features);
  return queues.map((queue, index) => queue.decode((value as readonly unknown[])[index], ring));
}
