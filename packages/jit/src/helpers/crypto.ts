import { HelperModule } from '../builder/helper-module.js';
import { CRYPTO_WASM_BASE64, SIGNATURES } from '../generated/crypto-wasm.js';

/**
 * Steps of AES, SHA-1, SHA-256 and the polynomial multiplication of 64 bits, which the instructions of several architectures are
 * made of: compiled from `assembly/crypto.ts`.
 *
 * @experimental
 */
export const cryptoHelpers = new HelperModule('crypto', CRYPTO_WASM_BASE64, SIGNATURES);
