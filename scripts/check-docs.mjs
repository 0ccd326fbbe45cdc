// Part of npm run lint: every error code, vdev and vdev option has its entry, links lead somewhere, READMEs of
// packages name their entries, and the README shows examples that exist. Needs a build, for the list of vdevs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { publicModules } from './lib/entries.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot, root } from './lib/root.mjs';

const CODE =
  /'((?:architecture|clock|config|console|devicetree|file|gic|host|hook|image|interrupt|memory|pci|plugin|protocol|testing|vcpu|vdev|vm)\.[a-z]+(?:-[a-z]+)*)'/g;

await main(async () => {
  const problems = [
    ...errorCodes(),
    ...(await vdevs()),
    ...links(),
    ...mentions(),
    ...sourcePaths(),
    ...index(),
    ...entries(),
    ...snippets(),
    ...phrases(),
  ];
  if (problems.length !== 0) throw new Failure(problems.join('\n'));
});

function errorCodes() {
  const listed = read('docs/errors.md') + read('docs/qvmconf.md') + read('docs/protocol.md');
  const missing = codesInSource().filter((code) => !listed.includes(`\`${code}\``));
  const problems = missing.map(
    (code) => `none of docs/errors.md, docs/qvmconf.md and docs/protocol.md has an entry for ${code}`,
  );
  return problems;
}

function codesInSource() {
  const codes = new Set();
  for (const file of sources()) for (const [, code] of readFileSync(file, 'utf8').matchAll(CODE)) codes.add(code);
  return [...codes].sort();
}

/** Sources that are published: no tests. */
function sources() {
  return allSources().filter((file) => !file.includes('.test.'));
}

function allSources() {
  return readdirSync(inRoot('packages')).flatMap((name) => {
    const folder = inRoot('packages', name, 'src');
    const files = readdirSync(folder, { recursive: true });
    return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
  });
}

/** Each vdev type has a page that names each of its options. */
async function vdevs() {
  const { createHypervisor } = await import('@qvm/sdk');
  const hypervisor = createHypervisor();
  const problems = [];
  for (const { type, options } of hypervisor.vdevTypes) {
    const file = `docs/vdevs/${type}.md`;
    if (!existsSync(inRoot(file))) problems.push(`${file} is missing`);
    else {
      const page = read(file);
      const missing = Object.keys(options).filter((name) => !page.includes(`\`${name}\``));
      problems.push(...missing.map((name) => `${file} does not describe the option ${name}`));
    }
  }
  await hypervisor.dispose();
  return problems;
}

function markdown() {
  const folders = [
    'docs',
    'docs/decisions',
    'docs/formats',
    'docs/guides',
    'docs/vdevs',
    ...readdirSync(inRoot('packages')).map((name) => `packages/${name}`),
  ];
  const inFolders = folders.flatMap((folder) => readdirSync(inRoot(folder)).map((file) => inRoot(folder, file)));
  return [...inFolders, ...readdirSync(root).map((file) => inRoot(file))].filter((file) => file.endsWith('.md'));
}

function links() {
  const problems = [];
  for (const file of markdown()) {
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target) || existsSync(join(dirname(file), target))) continue;
      problems.push(`${relative(root, file)} links to ${target}, which does not exist`);
    }
  }
  return problems;
}

/** The README of a package is read outside of the repository too: it names pages of docs and links to none. */
function mentions() {
  return readdirSync(inRoot('packages')).flatMap((name) => {
    const named = [...read(`packages/${name}/README.md`).matchAll(/`(docs\/[\w./-]+)`/g)].map(([, path]) => path);
    return named
      .filter((path) => !existsSync(inRoot(path)))
      .map((path) => `packages/${name}/README.md names ${path}, which does not exist`);
  });
}

/**
 * Paths of sources, such as `core/src/vm/vm.ts` or `packages/core/src`, exist. The change log is excluded: it may name
 * files that a later version removed.
 */
function sourcePaths() {
  const named = /`(?:packages\/)?([a-z][a-z0-9_-]*\/src(?:\/[\w.-]+)*)`/g;
  const pages = markdown().filter((file) => file !== inRoot('CHANGELOG.md'));
  return pages.flatMap((file) => {
    const paths = [...readFileSync(file, 'utf8').matchAll(named)].map(([, path]) => path);
    return paths
      .filter((path) => !existsSync(inRoot('packages', path)))
      .map((path) => `${relative(root, file)} names ${path}, which does not exist`);
  });
}

/** docs/README.md links all pages. */
/** The README of each package names all entries of the package. */
function entries() {
  return publicModules().flatMap(({ folder, specifier }) => {
    const page = `packages/${folder}/README.md`;
    const named = new RegExp(`${specifier}(?![\\w/-])`).test(read(page));
    return named ? [] : [`${page} does not name the entry ${specifier}`];
  });
}

function index() {
  const page = read('docs/README.md');
  const folders = readdirSync(inRoot('docs'), { recursive: true, encoding: 'utf8' });
  const pages = folders.filter((path) => /^(?!api\/|README).*\.md$/.test(path));
  return pages.filter((path) => !page.includes(`(${path})`)).map((path) => `docs/README.md does not link ${path}`);
}

/** A line "<!-- file: PATH -->" before a code block says that the block is that file. */
function snippets() {
  const problems = [];
  for (const file of markdown()) {
    const blocks = readFileSync(file, 'utf8').matchAll(/<!-- file: (\S+) -->\n\n```\w*\n([\s\S]*?)```/g);
    for (const [, path, text] of blocks) {
      if (!existsSync(inRoot(path))) problems.push(`${relative(root, file)} shows ${path}, which does not exist`);
      else if (read(path) !== text) problems.push(`${relative(root, file)} does not show what is in ${path}`);
    }
  }
  return problems;
}

/** Phrases that make a reader stop, in comments and pages; headings of pages may begin with "What". */
function phrases() {
  const clause = /(?:^|(?:\/\*\*|^\s*\*|\/\/|[.:;|-]) )(?:What|Who|Whoever) [a-z][^?]*$/;
  const word = /\bwhoever\b|\bso many(?! [^.]* that\b)/i;
  const comment = /^\s*(?:\/\*\*|\*|\/\/)/;
  const inSources = allSources().map((file) => [file, comment]);
  const inPages = markdown().map((file) => [file, /^(?!#|.*\]\()/]);
  return [...inSources, ...inPages].flatMap(([file, isText]) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, n) => {
        if (!isText.test(line)) return [];
        const place = `${relative(root, file)}:${n + 1}`;
        if (clause.test(line))
          return [`${place} uses a clause with "What" or "Who" as a noun: name what it stands for`];
        return word.test(line) ? [`${place} says "whoever" or "so many": name the person or the number`] : [];
      }),
  );
}

function read(file) {
  return readFileSync(inRoot(file), 'utf8');
}
