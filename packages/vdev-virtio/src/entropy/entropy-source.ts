import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';

/**
 * Where random bytes come from.
 *
 * @experimental
 */
export interface EntropySource {
  /** Fills `bytes`, which are not in shared memory. */
  fill(bytes: Uint8Array): void;
}

/**
 * A host's own source of random bytes, in place of the platform's generator.
 *
 * @experimental
 */
export const ENTROPY_SOURCE: Token<EntropySource> = createToken('@qvm/vdev-virtio/EntropySource');

/** Most bytes that the Web Crypto API gives at once. */
const CRYPTO_LIMIT = 0x1_0000;

/** The platform's cryptographic generator. */
export const platformEntropy: EntropySource = {
  fill(bytes) {
    for (let offset = 0; offset < bytes.length; offset += CRYPTO_LIMIT) {
      // The array is the caller's own, never shared: the type cannot say so.
      crypto.getRandomValues(bytes.subarray(offset, offset + CRYPTO_LIMIT) as Uint8Array<ArrayBuffer>);
    }
  },
};
