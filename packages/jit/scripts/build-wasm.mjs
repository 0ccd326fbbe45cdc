/** Writes src/generated/crypto-wasm.ts. Run: node packages/jit/scripts/build-wasm.mjs */
import { mkdir, writeFile } from 'node:fs/promises';
import { compileWasm, generatedSource } from './compile.mjs';

const generated = new URL('../src/generated/', import.meta.url);
const bytes = await compileWasm();
await mkdir(generated, { recursive: true });
await writeFile(new URL('crypto-wasm.ts', generated), generatedSource(bytes));
console.log(`crypto: ${bytes.length} bytes of WebAssembly`);
