/** Compiles assembly/ for build-wasm.mjs and for the test that the committed module is up to date. */
import { fileURLToPath } from 'node:url';
import { compileAssembly, moduleSource } from '../../../scripts/lib/assemblyscript.mjs';

const ASSEMBLY = fileURLToPath(new URL('../assembly/', import.meta.url));

/** The WebAssembly module as bytes. */
export function compileWasm() {
  return compileAssembly(ASSEMBLY);
}

/** The text of src/generated/vector-helpers-wasm.ts. */
export function generatedSource(bytes) {
  return moduleSource('VECTOR_HELPERS_WASM_BASE64', bytes);
}
