// npm run docs:hooks: writes docs/hooks.md from the doc comments of the hooks. --check fails when it is not current.
// Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure, main } from './lib/failure.mjs';
import { hookReference } from './lib/hook-reference.mjs';
import { inRoot } from './lib/root.mjs';

const FILE = inRoot('docs', 'hooks.md');

await main(async () => {
  const text = await hookReference();
  if (!process.argv.includes('--check')) return writeFileSync(FILE, text);
  if (readFileSync(FILE, 'utf8') !== text) throw new Failure('docs/hooks.md is not current. Run: npm run docs:hooks');
});
