/**
 * Writes src/embedded/generated, and the safety guest for examples/automotive. Run after a build: node
 * packages/guests/scripts/build-embedded.mjs
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { assembleEmbeddedGuest, EMBEDDED_SOURCES, embeddedImageModule } from '../dist/embedded/assemble-embedded.js';

const root = new URL('../', import.meta.url);
const read = (path) => readFile(new URL(path, root), 'utf8');
await mkdir(new URL('src/embedded/generated/', root), { recursive: true });
for (const guest of EMBEDDED_SOURCES) {
  const image = assembleEmbeddedGuest(guest, await Promise.all(guest.sources.map(read)));
  await writeFile(new URL(guest.module, root), embeddedImageModule(guest, image));
  if (guest.copy !== undefined) await writeFile(new URL(guest.copy, root), image);
  console.log(`${guest.sources.at(-1)}: ${image.length} bytes`);
}
