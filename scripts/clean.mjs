// npm run clean: removes everything that is built.
import { readdirSync, rmSync } from 'node:fs';
import { inRoot } from './lib/root.mjs';

for (const name of readdirSync(inRoot('packages'))) {
  rmSync(inRoot('packages', name, 'dist'), { recursive: true, force: true });
}
rmSync(inRoot('docs', 'api'), { recursive: true, force: true });
rmSync(inRoot('coverage'), { recursive: true, force: true });
