/** Writes src/generated/softfloat-wasm.ts, and assembly/generated/vector.ts for editors. Run: node packages/softfloat/scripts/build-wasm.mjs */
import { mkdir, writeFile } from 'node:fs/promises';
import { compileWasm, generatedSource, vectorSource } from './compile.mjs';

const root = new URL('../', import.meta.url);
const bytes = await compileWasm();
await mkdir(new URL('src/generated/', root), { recursive: true });
await mkdir(new URL('assembly/generated/', root), { recursive: true });
await writeFile(new URL('src/generated/softfloat-wasm.ts', root), generatedSource(bytes));
await writeFile(new URL('assembly/generated/vector.ts', root), vectorSource());
console.log(`softfloat: ${bytes.length} bytes of WebAssembly`);
