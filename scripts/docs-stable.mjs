// npm run docs:stable: writes docs/stable-api.md, the stable names of all packages with their types. --check fails when it is not current:
// a change of it is a change of what was promised (docs/stability.md). Both fail for a name without a tag of stability, and for one whose
// type mentions a name that promises less. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { declarationText, readApi } from './lib/stability.mjs';

const FILE = inRoot('docs', 'stable-api.md');
const INTRODUCTION = `# Stable names

<!-- Made by "npm run docs:stable" from the declarations of the packages. -->

Every \`@stable\` name with its type, by the entry that exports it: the promise that [stability.md](stability.md) describes. The API
reference says what each is for. A member that is marked \`@beta\` or \`@experimental\` promises that, and no more.
`;

await main(async () => {
  const api = readApi();
  const problems = api.flatMap(({ names }) => names.flatMap((name) => name.problems));
  if (problems.length !== 0) throw new Failure(problems.join('\n'));
  const text = await format(page(api), { ...(await resolveConfig(FILE)), parser: 'markdown' });
  if (!process.argv.includes('--check')) return writeFileSync(FILE, text);
  if (readFileSync(FILE, 'utf8') === text) return;
  throw new Failure(
    'docs/stable-api.md is not current: a stable name came, went or changed its type. If docs/stability.md allows that: npm run docs:stable',
  );
});

function page(api) {
  const sections = api.flatMap(({ specifier, names }) => {
    const stable = names.filter(({ tag }) => tag === 'stable');
    if (stable.length === 0) return [];
    const code = stable.flatMap(({ declarations }) => declarations.map(declarationText)).join('\n\n');
    return [`## \`${specifier}\`\n\n\`\`\`typescript\n${code}\n\`\`\`\n`];
  });
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}
