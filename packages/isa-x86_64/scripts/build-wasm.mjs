/** Writes src/generated/vector-helpers-wasm.ts. Run: node packages/isa-x86_64/scripts/build-wasm.mjs */
import { mkdir, writeFile } from 'node:fs/promises';
import { compileWasm, generatedSource } from './compile.mjs';

const generated = new URL('../src/generated/', import.meta.url);
const bytes = await compileWasm();
await mkdir(generated, { recursive: true });
await writeFile(new URL('vector-helpers-wasm.ts', generated), generatedSource(bytes));
console.log(`vector helpers: ${bytes.length} bytes of WebAssembly`);
