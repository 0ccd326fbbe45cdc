import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { DeviceVirtqueue, SavedQueue } from '../queue/device-virtqueue.js';
import { STATUS_DRIVER_BITS, STATUS_DRIVER_OK, STATUS_FEATURES_OK, STATUS_NEEDS_RESET } from './device-status.js';
import { ringFeatures } from './features.js';

/** What is left of a saved transport once it was checked. */
export interface SavedTransport {
  readonly status: number;
  readonly features: readonly number[];
  readonly interrupts: number;
  readonly generation: number;
  readonly queues: readonly SavedQueue[];
  /** For the device to check. */
  readonly device: Json;
}

const STATUS_BITS = STATUS_DRIVER_BITS | STATUS_NEEDS_RESET;
const INTERRUPT_BITS = 3;
const FEATURE_WORDS = 2;
const MEMBERS = ['status', 'features', 'interrupts', 'generation', 'queues', 'device'] as const;

/**
 * Checks a saved transport, without changing anything.
 *
 * @param acceptable - whether a driver could have settled on these features.
 * @throws VdevStateError
 */
export function decodeTransport(
  state: unknown,
  queues: readonly DeviceVirtqueue[],
  acceptable: (features: bigint) => boolean,
): SavedTransport {
  const saved = requireObject(state, MEMBERS, 'VirtIO state');
  const status = decodeStatus(saved.status);
  const features = requireUnsignedArray(saved.features, FEATURE_WORDS, 0xffff_ffff, 'features');
  const [low, high] = features;
  if (low === undefined || high === undefined) throw new VdevStateError('features are not two words');
  const accepted = (BigInt(high) << 32n) | BigInt(low);
  const settled = (status & STATUS_FEATURES_OK) !== 0;
  if (settled && !acceptable(accepted)) throw new VdevStateError('features are not those that the device offers');
  return {
    status,
    features,
    interrupts: requireUnsigned(saved.interrupts, INTERRUPT_BITS, 'interrupts'),
    generation: requireUnsigned(saved.generation, 0xffff_ffff, 'generation'),
    queues: decodeQueues(saved.queues, queues, settled ? accepted : undefined),
    device: saved.device as Json,
  };
}

function decodeStatus(value: unknown): number {
  const status = requireUnsigned(value, 0xff, 'status');
  const started = (status & STATUS_DRIVER_OK) !== 0;
  if ((status & ~STATUS_BITS) !== 0 || (started && (status & STATUS_FEATURES_OK) === 0)) {
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
