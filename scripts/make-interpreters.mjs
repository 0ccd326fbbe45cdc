// Part of npm run build: generates interpreters, by the names of their modules, and writes them beside the modules that load them.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { main } from './lib/failure.mjs';
import { INTERPRETERS } from './lib/interpreters.mjs';
import { inRoot } from './lib/root.mjs';

const names = process.argv.slice(2);

const modulesOf = (name, path) => import(pathToFileURL(inRoot('packages', name, 'dist', path)).href);

await main(async () => {
  const { generateInterpreter } = await modulesOf('jit', 'index.js');
  for (const { architecture, module, source, instructionsOf } of INTERPRETERS.filter(({ module }) =>
    names.includes(module),
  )) {
    const { bytes } = generateInterpreter(instructionsOf(await modulesOf(architecture, source)));
    const text = gzipSync(bytes, { level: 9 }).toString('base64');
    const path = inRoot('packages', architecture, 'dist', module);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `export const INTERPRETER = '${text}';\n`);
  }
});
