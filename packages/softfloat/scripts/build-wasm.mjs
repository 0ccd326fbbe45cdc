/** Writes src/generated, and the generated files of assembly/ for editors. Run: node packages/softfloat/scripts/build-wasm.mjs */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MODULES, compileWasm, generatedSource } from './compile.mjs';

async function write(path, text) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

for (const module of MODULES) {
  const bytes = await compileWasm(module);
  await write(`src/generated/${module.file}`, generatedSource(module, bytes));
  for (const [path, text] of Object.entries(module.generated)) await write(`assembly/${path}`, text);
  console.log(`${module.file}: ${bytes.length} bytes of WebAssembly`);
}
