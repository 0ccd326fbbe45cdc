// Part of npm run lint: what the documents show of programs compiles as users compile it, with the strictest flags. Snippets that
// import nothing are parts of programs and cannot be; their number is printed. Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Failure, main } from './lib/failure.mjs';
import { inRoot, root } from './lib/root.mjs';

/** Below node_modules, so that packages are found by their names. */
const FOLDER = inRoot('node_modules/.cache/qvm-snippets');
const FENCE = /^```(ts|js|mjs)\n(.*?)^```/gms;
/** Names that the reader's program has: the text says which. */
const READERS_NAME = /error TS(?:2304|2552|18004):/;
/** Shown by its own name there: the page tells the reader to put the file beside it. */
const LOCAL_IMPORT = /from '\.\.?\//;

const FLAGS = {
  module: 'NodeNext',
  target: 'ES2022',
  lib: ['ES2023', 'DOM'],
  types: ['node', 'jest'],
  typeRoots: [inRoot('node_modules/@types')],
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  // A counter such as new Map() in JavaScript has no type.
  noImplicitAny: false,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
};

await main(() => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const places = new Map();
  let parts = 0;
  for (const file of documents()) {
    const text = readFileSync(file, 'utf8');
    for (const match of text.matchAll(FENCE)) {
      const [, language, code] = match;
      const line = text.slice(0, match.index).split('\n').length;
      if (!/^import /m.test(code) || LOCAL_IMPORT.test(code)) parts++;
      else places.set(write(places.size, language, code), `${relative(root, file)}:${line}`);
    }
  }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ compilerOptions: FLAGS, include: ['*'] }));
  const problems = compile()
    .split('\n')
    .filter((line) => line !== '' && !READERS_NAME.test(line));
  if (problems.length !== 0) throw new Failure(named(problems.join('\n'), places));
  process.stdout.write(`${places.size} snippets of documents compile; ${parts} are parts of programs.\n`);
});

function documents() {
  const pages = ['docs', 'packages', 'examples'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true })
      .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
      .map((file) => inRoot(folder, file)),
  );
  return [inRoot('README.md'), ...pages];
}

function write(index, language, code) {
  const name = `snippet-${index}.${language === 'ts' ? 'mts' : 'mjs'}`;
  writeFileSync(join(FOLDER, name), code);
  return name;
}

function compile() {
  try {
    execFileSync(process.execPath, [inRoot('node_modules/@native/typescript/bin/tsc'), '-p', FOLDER], {
      cwd: FOLDER,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return error.stdout || String(error);
  }
}

function named(problems, places) {
  return problems.replaceAll(/\bsnippet-\d+\.m[tj]s/g, (name) => `${places.get(name) ?? name} (${name})`);
}
