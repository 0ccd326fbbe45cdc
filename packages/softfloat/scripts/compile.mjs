/** Compiles assembly/ for build-wasm.mjs and for the test that the committed modules are up to date. */
import { fileURLToPath } from 'node:url';
import { compileAssembly, moduleSource } from '../../../scripts/lib/assemblyscript.mjs';
import { vectorSource } from './vector-source.mjs';
import { x86VectorSource } from './x86-vector-source.mjs';

const ASSEMBLY = fileURLToPath(new URL('../assembly/', import.meta.url));

/**
 * The modules: `file` is the generated module in src/generated, `constant` its constant, `generated` the texts of
 * assembly/ that scripts generate, and `replaced` the files that this module has in place of others.
 */
export const MODULES = [
  {
    file: 'softfloat-wasm.ts',
    constant: 'SOFTFLOAT_WASM_BASE64',
    generated: { 'generated/vector.ts': vectorSource() },
    replaced: {},
  },
  {
    file: 'softfloat-x86-wasm.ts',
    constant: 'SOFTFLOAT_X86_WASM_BASE64',
    generated: { 'x86/generated/vector.ts': x86VectorSource() },
    replaced: { 'index.ts': `export * from './x86/index';`, 'policy.ts': `export * from './x86/policy';` },
  },
];

/** A WebAssembly module as bytes. */
export function compileWasm({ generated, replaced }) {
  return compileAssembly(ASSEMBLY, new Map(Object.entries({ ...generated, ...replaced })));
}

/** The text of a module in src/generated. */
export function generatedSource({ constant }, bytes) {
  return moduleSource(constant, bytes);
}
