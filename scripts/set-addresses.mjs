// npm run addresses: where the project is developed, as the root's package.json says, is written into each package's.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { withAddresses } from './lib/addresses.mjs';

await main(() => {
  const root = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  for (const name of readdirSync(inRoot('packages'))) {
    const file = inRoot('packages', name, 'package.json');
    const description = withAddresses(JSON.parse(readFileSync(file, 'utf8')), root, name);
    writeFileSync(file, `${JSON.stringify(description, undefined, 2)}\n`);
  }
});
