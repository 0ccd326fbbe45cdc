import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { entriesOf } from './entries.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './root.mjs';

/** Third parties of a hundred files and more that nobody sees outside of the package that uses them: they become part of its bundles. */
const INSIDE = ['inversify', 'zod'];
/** The licences of what is inside. */
const NOTICES = 'third-party.txt';
/** Written after everything else: its age is that of the bundles. */
const LAST = 'index.js';

/** Options of the bundles. */
const TOOLS = ['package-lock.json', 'scripts/lib/bundle.mjs', 'scripts/lib/entries.mjs'].map((path) => inRoot(path));

/**
 * Makes the bundles of all packages whose bundles are older than their modules: one file for each entry, and what entries share or
 * load late in files of its own. Whatever stands in `dependencies` stays outside, so that all packages of a process share one copy.
 */
export async function bundlePackages() {
  const folders = readdirSync(inRoot('packages')).map((name) => inRoot('packages', name));
  await Promise.all(folders.filter((folder) => !isCurrent(folder)).map(bundlePackage));
}

function isCurrent(folder) {
  const made = join(folder, 'lib', LAST);
  if (!existsSync(made)) return false;
  const sources = [...TOOLS, join(folder, 'package.json'), ...modulesOf(folder)];
  const { mtimeMs } = statSync(made);
  return sources.every((file) => statSync(file).mtimeMs <= mtimeMs);
}

/** Paths of the modules that the compiler wrote. */
function modulesOf(folder) {
  const modules = readdirSync(join(folder, 'dist'), { recursive: true }).filter((path) => path.endsWith('.js'));
  return modules.sort().map((path) => join(folder, 'dist', path));
}

async function bundlePackage(folder) {
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const dependencies = Object.keys(description.dependencies ?? {});
  const { outputFiles, metafile } = await build({
    absWorkingDir: folder,
    entryPoints: Object.fromEntries(
      entriesOf(description).map(({ module, bundle }) => [basename(bundle, '.js'), module]),
    ),
    outdir: 'lib',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    plugins: [thirdPartyText],
    external: ['node:*', ...dependencies.filter((name) => !INSIDE.includes(name))],
    charset: 'utf8',
    sourcemap: true,
    metafile: true,
    define: { QVM_DIGEST: JSON.stringify(digestOf(folder)) },
    write: false,
    logLevel: 'warning',
  });
  const files = outputFiles.map(({ path, contents, text }) => [
    basename(path),
    path.endsWith('.map') ? mapWithoutOwnSources(text) : contents,
  ]);
  const notices = noticesFor(folder, Object.keys(metafile.inputs));
  if (notices !== '') files.push([NOTICES, notices]);
  await replace(join(folder, 'lib'), files);
}

/** Names the modules of a package, whatever their version: a package may tell by it what an earlier build of it has made. */
function digestOf(folder) {
  const hash = createHash('sha256');
  for (const module of modulesOf(folder)) hash.update(readFileSync(module));
  return hash.digest('hex').slice(0, 16);
}

async function replace(lib, files) {
  rmSync(lib, { recursive: true, force: true });
  await mkdir(lib);
  const write = ([name, contents]) => writeFile(join(lib, name), contents);
  await Promise.all(files.filter(([name]) => name !== LAST).map(write));
  await write(files.find(([name]) => name === LAST));
}

/** Source maps end at the published text of third parties: some name sources that are not published. */
const thirdPartyText = {
  name: 'third-party-text',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/^\/\/# sourceMappingURL=.*$/m, '') };
    });
  },
};

/** A source map with the text of other packages' sources only: those of its own are published beside it. */
function mapWithoutOwnSources(text) {
  const map = JSON.parse(text);
  const contentOf = (source, index) => (source.startsWith('../src/') ? null : map.sourcesContent[index]);
  return JSON.stringify({ ...map, sourcesContent: map.sources.map(contentOf) });
}

/** The licences of all packages that files of `inputs` are from. */
function noticesFor(folder, inputs) {
  const packages = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  return [...packages]
    .sort()
    .map((path) => noticeOf(join(folder, path)))
    .join('\n');
}

function noticeOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Failure(`${name} has no licence to put beside the bundle it becomes part of.`);
  return `=== ${name} ${version}\n\n${readFileSync(join(folder, licence), 'utf8').trim()}\n`;
}
