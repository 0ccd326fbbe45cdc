// npm run clean: removes everything that is built.
import { readdirSync, rmSync } from 'node:fs';
import { inRoot } from './lib/root.mjs';

for (const name of readdirSync(inRoot('packages'))) {
  for (const built of ['dist', 'lib', 'LICENSE'])
    rmSync(inRoot('packages', name, built), { recursive: true, force: true });
}
rmSync(inRoot('docs', 'api'), { recursive: true, force: true });
rmSync(inRoot('coverage'), { recursive: true, force: true });
