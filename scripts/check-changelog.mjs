// Part of npm run lint: the shape of CHANGELOG.md. Each entry names the packages that it is about.
import { readdirSync, readFileSync } from 'node:fs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';

const HEADINGS = ['Breaking changes', 'Added', 'Changed', 'Fixed', 'Removed'];

await main(() => {
  const places = new Set([...readdirSync(inRoot('packages')), 'repository']);
  const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const lines = readFileSync(inRoot('CHANGELOG.md'), 'utf8').split('\n');
  const problems = lines.flatMap((line, index) => {
    const problem = problemOf(line, places);
    return problem === undefined ? [] : [`CHANGELOG.md:${index + 1}: ${problem}`];
  });
  if (!lines.some((line) => line === '## Unreleased' || line.startsWith(`## ${version}`))) {
    problems.push(`CHANGELOG.md has neither "## Unreleased" nor "## ${version}"`);
  }
  if (problems.length !== 0) throw new Failure(problems.join('\n'));
});

function problemOf(line, places) {
  if (line.startsWith('### ') && !HEADINGS.includes(line.slice(4))) return `the headings are ${HEADINGS.join(', ')}`;
  if (!line.startsWith('- ')) return undefined;
  const [, names = ''] = /^- \[([^\]]+)\] \S/.exec(line) ?? [];
  return names.split(', ').every((name) => places.has(name)) ? undefined : 'an entry begins with "- [package] "';
}
