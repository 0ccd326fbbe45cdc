// npm run docs:lint: writes docs/lint.md from the rules of the linter. --check fails when it is not current.
// Needs a build of packages/config.
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure, main } from './lib/failure.mjs';
import { lintReference } from './lib/lint-reference.mjs';
import { inRoot } from './lib/root.mjs';

const FILE = inRoot('docs', 'lint.md');

await main(async () => {
  const text = await lintReference();
  if (!process.argv.includes('--check')) return writeFileSync(FILE, text);
  if (readFileSync(FILE, 'utf8') !== text) throw new Failure('docs/lint.md is not current. Run: npm run docs:lint');
});
