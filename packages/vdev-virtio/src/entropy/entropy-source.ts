import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';

/**
 * A source of random bytes.
 *
 * @experimental
 */
export interface EntropySource {
  /** Fills `bytes`, which is not in shared memory. */
  fill(bytes: Uint8Array): void;
}

/**
 * A host's own source of random bytes, which replaces the platform's generator.
 *
 * @experimental
 */
export const ENTROPY_SOURCE: Token<EntropySource> = createToken('@qvm/vdev-virtio/EntropySource');

/** Largest number of bytes in one call of the Web Crypto API. */
const CRYPTO_LIMIT = 0x1_0000;

/** The platform's cryptographic generator. */
export const platformEntropy: EntropySource = {
  fill(bytes) {
    for (let offset = 0; offset < bytes.length; offset += CRYPTO_LIMIT) {
      // The array is never shared, which its type cannot express.
      crypto.getRandomValues(bytes.subarray(offset, offset + CRYPTO_LIMIT) as Uint8Array<ArrayBuffer>);
    }
  },
};
