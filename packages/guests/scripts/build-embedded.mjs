/** Writes src/embedded/generated/embedded-image.ts. Run after a build: node packages/guests/scripts/build-embedded.mjs */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { assembleEmbeddedGuest, embeddedImageModule } from '../dist/embedded/assemble-embedded.js';

const root = new URL('../', import.meta.url);
const image = assembleEmbeddedGuest(await readFile(new URL('embedded/guest.s', root), 'utf8'));
await mkdir(new URL('src/embedded/generated/', root), { recursive: true });
await writeFile(new URL('src/embedded/generated/embedded-image.ts', root), embeddedImageModule(image));
console.log(`embedded guest: ${image.length} bytes`);
