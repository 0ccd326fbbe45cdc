/** Compiles assembly/ for build-wasm.mjs and for the test that the committed module is up to date. */
import { fileURLToPath } from 'node:url';
import { compileAssembly, moduleSource } from '../../../scripts/lib/assemblyscript.mjs';
import { vectorSource } from './vector-source.mjs';

const ASSEMBLY = fileURLToPath(new URL('../assembly/', import.meta.url));

/** The WebAssembly module as bytes. */
export function compileWasm() {
  return compileAssembly(ASSEMBLY, new Map([['generated/vector.ts', vectorSource()]]));
}

/** The text of src/generated/softfloat-wasm.ts. */
export function generatedSource(bytes) {
  return moduleSource('SOFTFLOAT_WASM_BASE64', bytes);
}

export { vectorSource };
