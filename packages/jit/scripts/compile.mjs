/** Compiles assembly/ for build-wasm.mjs and for the test that the committed module is up to date. */
import { fileURLToPath } from 'node:url';
import { compileAssembly, moduleSource } from '../../../scripts/lib/assemblyscript.mjs';

const ASSEMBLY = fileURLToPath(new URL('../assembly/', import.meta.url));

/** The WebAssembly module as bytes. */
export function compileWasm() {
  return compileAssembly(ASSEMBLY);
}

/** The text of src/generated/crypto-wasm.ts. */
export function generatedSource(bytes) {
  return moduleSource('CRYPTO_WASM_BASE64', bytes);
}
