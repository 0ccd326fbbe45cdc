/*
 * Entropy device (VirtIO 1.2, section 5.4): provides random bytes, and has no features or configuration.
 */
import { requireObject, requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { VirtioContext, VirtioDevice, VirtqueueBuffer } from '../device/virtio-device.js';
import type { EntropySource } from './entropy-source.js';
import { SeededEntropy } from './seeded-entropy.js';

/**
 * Largest number of bytes for one buffer: section 5.4.6.2 allows filling a part of it, so a large buffer cannot delay
 * the VM.
 */
const MOST_BYTES = 0x1_0000;
const STATE_WORDS = 4;

/** @internal */
export class EntropyDevice implements VirtioDevice {
  readonly features = 0n;
  readonly configSize = 0;
  readonly #context: VirtioContext;
  readonly #source: EntropySource;
  readonly #scratch = new Uint8Array(MOST_BYTES);
  #bytes = 0;

  constructor(context: VirtioContext, source: EntropySource) {
    this.#context = context;
    this.#source = source;
  }

  readConfig(): number {
    return 0;
  }

  start(): void {
    // Nothing to do before the first kick, which comes with the first buffer.
  }

  kicked(): void {
    const [requests] = this.#context.queues;
    if (requests === undefined) return;
    for (let buffer = requests.pop(); buffer !== undefined; buffer = requests.pop()) {
      requests.push(buffer, this.#fill(buffer));
    }
    requests.notify();
  }

  reset(): void {
    this.#bytes = 0;
    if (this.#source instanceof SeededEntropy) this.#source.restart();
  }

  save(): Json {
    return { bytes: this.#bytes, generator: this.#source instanceof SeededEntropy ? this.#source.state : null };
  }

  restore(state: Json): void {
    const saved = requireObject(state, ['bytes', 'generator'], 'entropy state');
    const bytes = requireUnsigned(saved.bytes, Number.MAX_SAFE_INTEGER, 'bytes');
    if (this.#source instanceof SeededEntropy) {
      const words = requireUnsignedArray(saved.generator, STATE_WORDS, 0xffff_ffff, 'generator');
      // The generator never leaves the state of all zeros, so it is invalid.
      if (words.length !== STATE_WORDS || words.every((word) => word === 0)) {
        throw new VdevStateError('generator is not a state that a generator can have');
      }
      this.#source.state = words;
    }
    this.#bytes = bytes;
  }

  status(): Readonly<Record<string, Json>> {
    return { bytes: this.#bytes, seeded: this.#source instanceof SeededEntropy };
  }

  dispose(): void {
    // Nothing to release: no resources of the host are held.
  }

  #fill(buffer: VirtqueueBuffer): number {
    const bytes = this.#scratch.subarray(0, Math.min(buffer.writable, MOST_BYTES));
    this.#source.fill(bytes);
    this.#bytes += bytes.length;
    return buffer.write(0, bytes);
  }
}
