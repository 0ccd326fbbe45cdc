import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { entriesOf } from './entries.mjs';
import { npmText } from './npm.mjs';
import { inRoot } from './root.mjs';

const NEEDED = ['LICENSE', 'README.md', 'package.json'];
const MAP_COMMENT = /^\/\/# sourceMappingURL=(\S+)\s*$/m;
/** A link of Markdown: its target without an anchor. */
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;

/**
 * The files that npm puts into the tarball of each package, by the package's name. Takes what is built.
 *
 * @throws Failure when npm cannot tell.
 */
export async function packedFiles() {
  const text = await npmText(['pack', '--workspaces', '--dry-run', '--json', '--ignore-scripts']);
  return new Map(JSON.parse(text).map(({ name, files }) => [name, files.map(({ path }) => path)]));
}

/**
 * The faults of a package for a user who has its tarball and nothing else of the repository.
 *
 * @param name - of the package's folder
 * @param files - paths in the tarball
 */
export function problemsOfTarball(name, files) {
  const packed = new Set(files);
  const read = (path) => readFileSync(inRoot('packages', name, path), 'utf8');
  const namedIn = (kind, find) => files.filter((path) => kind.test(path)).flatMap((path) => find(path, read(path)));
  return [
    ...missing('the tarball', NEEDED, packed),
    ...missing('package.json', filesNamed(JSON.parse(read('package.json'))), packed),
    ...missing('a source map', namedIn(/\.map$/, sourcesOf), packed),
    ...missing('a module', namedIn(/\.m?[jt]s$/, mapsOf), packed),
    ...missing('README.md', namedIn(/\.md$/, linksOf), packed),
    ...files
      .filter((path) => /^(dist|src)\/.*(\.test\.|\.tsbuildinfo$)/.test(path))
      .map((path) => `${path} is for this repository only`),
  ];
}

function missing(place, paths, packed) {
  const [first, ...others] = new Set(paths.filter((path) => !packed.has(path)));
  if (first === undefined) return [];
  return [`${place} needs ${first}${others.length === 0 ? '' : ` and ${others.length} others`}, not in the tarball`];
}

function filesNamed(description) {
  const entries = entriesOf(description).flatMap(({ types, module, bundle }) => [types, module, bundle]);
  const programs = Object.values(description.bin ?? {});
  return [...entries, ...programs].filter((path) => path !== undefined).map((path) => posix.normalize(path));
}

/** The files whose text a map does not bring along. */
function sourcesOf(path, text) {
  const { sources, sourcesContent = [], sourceRoot = '' } = JSON.parse(text);
  return sources
    .filter((_, index) => typeof sourcesContent[index] !== 'string')
    .map((source) => beside(path, sourceRoot + source));
}

function mapsOf(path, text) {
  const [, map] = MAP_COMMENT.exec(text) ?? [];
  return map === undefined || map.startsWith('data:') ? [] : [beside(path, map)];
}

function linksOf(path, text) {
  return [...text.matchAll(LINK)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => beside(path, target));
}

function beside(path, target) {
  return posix.normalize(join(posix.dirname(path), target));
}
