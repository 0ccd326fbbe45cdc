// Part of npm run lint: what a package imports of qvm, its package.json and its tsconfig.json agree, and its tarball has all that
// those need who have nothing else. Needs a build. With --release: and all is said that must be said before packages are published.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOfAddresses, unknownAddresses } from './lib/addresses.mjs';
import { entriesOf, MODULES, publicModules } from './lib/entries.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { packedFiles, problemsOfTarball } from './lib/tarball.mjs';

const TEST = /\.test\.|\.test\.helper\.|\.test\.util\.|(^|\/)(testing|machine-tests)\/|packages\/isa-testing\//;
const IMPORT = /(?:from|import)\s*\(?\s*'(@qvm\/[^'/]+)/g;

await main(async () => {
  const root = readJson(inRoot('package.json'));
  const names = readdirSync(inRoot('packages'));
  const packed = await packedFiles();
  const problems = names.flatMap((name) =>
    [...problemsOf(name, root), ...problemsOfPublication(name, packed.get(`@qvm/${name}`))].map(
      (problem) => `packages/${name}: ${problem}`,
    ),
  );
  const built = readJson(inRoot('tsconfig.json')).references.map(({ path }) => path.replace('packages/', ''));
  problems.push(...difference(names, built).map((name) => `tsconfig.json does not reference packages/${name}`));
  if (readJson(inRoot('lerna.json')).version !== root.version)
    problems.push('lerna.json and package.json have other versions');
  if (process.argv.includes('--release')) problems.push(...unknownAddresses(root));
  if (problems.length !== 0) throw new Failure(problems.join('\n'));
});

function problemsOf(name, root) {
  const folder = inRoot('packages', name);
  const { dependencies = {}, devDependencies = {}, ...description } = readJson(join(folder, 'package.json'));
  const own = `@qvm/${name}`;
  const { runtime, tests } = importsOf(join(folder, 'src'), own);
  const references = readJson(join(folder, 'tsconfig.json')).references.map(({ path }) => path.replace('../', '@qvm/'));
  const declared = qvmNames(dependencies);
  const all = [...declared, ...qvmNames(devDependencies)];
  return [
    ...(description.name === own ? [] : [`its name is not ${own}`]),
    ...(description.version === root.version ? [] : [`its version is not ${root.version}`]),
    ...problemsOfAddresses(description, root, name),
    ...difference(runtime, declared).map((other) => `imports ${other}, which is not in its dependencies`),
    ...difference([...runtime, ...tests], all).map(
      (other) => `its tests import ${other}, which is not in its package.json`,
    ),
    ...difference(all, [...runtime, ...tests]).map(
      (other) => `names ${other} in its package.json but does not import it`,
    ),
    ...difference([...runtime, ...tests], references).map((other) => `its tsconfig.json does not reference ${other}`),
    ...difference(references, [...runtime, ...tests]).map(
      (other) => `its tsconfig.json references ${other} for nothing`,
    ),
    ...entriesOf(description).flatMap((entry) => problemsOfEntry(folder, entry)),
    ...problemsOfReference(name),
  ];
}

function problemsOfPublication(name, files) {
  const isPrivate = readJson(inRoot('packages', name, 'package.json')).private === true;
  return isPrivate ? [] : problemsOfTarball(name, files);
}

/** An entry has a module and types from the compiler, unless it is internal, and a bundle with its place in `lib` itself. */
function problemsOfEntry(folder, { internal, types, module, bundle, conditions }) {
  const [, stem] = /^\.\/dist\/(.+)\.js$/.exec(module) ?? [];
  const last = [...(internal ? [] : ['types']), MODULES, 'default'];
  const rules = [
    [existsSync(join(folder, 'src', `${stem}.ts`)), `${MODULES} names no module of dist`],
    [internal || types === `./dist/${stem}.d.ts`, 'types are not those of the module'],
    [/^\.\/lib\/[\w-]+\.js$/.test(bundle), 'is not in lib'],
    // The first condition that holds counts; others, such as "browser", come before these.
    [conditions.slice(-last.length).join() === last.join(), `the conditions do not end with ${last.join(', ')}`],
  ];
  return rules.filter(([kept]) => !kept).map(([, problem]) => `${bundle}: ${problem}`);
}

/** The API reference has all entries: by the common options the first, otherwise those of the package's own options. */
function problemsOfReference(name) {
  const options = inRoot('packages', name, 'typedoc.json');
  const documented = existsSync(options) ? readJson(options).entryPoints : ['src/index.ts'];
  const entries = publicModules()
    .filter(({ folder }) => folder === name)
    .map(({ stem }) => `src/${stem}.ts`);
  return difference(entries, documented).map((entry) => `${entry} is not in the API reference (typedoc.json)`);
}

function importsOf(folder, own) {
  const found = { runtime: new Set(), tests: new Set() };
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith('.ts')) continue;
    const imports = found[TEST.test(file) ? 'tests' : 'runtime'];
    for (const [, name] of readFileSync(join(folder, file), 'utf8').matchAll(IMPORT))
      if (name !== own) imports.add(name);
  }
  return found;
}

function qvmNames(dependencies) {
  return Object.keys(dependencies).filter((name) => name.startsWith('@qvm/'));
}

function difference(some, others) {
  const known = new Set(others);
  return [...new Set(some)].filter((item) => !known.has(item));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
