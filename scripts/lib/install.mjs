import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { Failure } from './failure.mjs';
import { npm } from './npm.mjs';
import { inRoot } from './root.mjs';
import { step } from './step.mjs';

const OLDEST_NODE = [20, 19];

/** Installs the dependencies of the lockfile unless they are there. Needs nothing but Node and npm. */
export async function install() {
  requireNode();
  if (isInstalled()) {
    linkPackages();
    return;
  }
  await step('Installing dependencies (about a minute)', async () => {
    // Whatever npm's configuration says: with the development dependencies, and without running their scripts,
    // which none of them needs.
    const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
    const exitCode = await npm(args, {
      env: { ...process.env, NODE_ENV: 'development' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (exitCode !== 0) throw new Failure(`npm ci failed with exit code ${exitCode}.`, exitCode);
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Failure(`qvm needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Whether `node_modules` holds the packages of others that the lockfile asks for. npm writes its own list last. */
function isInstalled() {
  const list = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  const wanted = packagesOf(inRoot('package-lock.json'));
  const present = packagesOf(list);
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      !path.startsWith('node_modules/') || optional === true || link || present[path]?.version === version,
  );
}

/** Links packages of this repository that are newer than the installation, as npm does. */
function linkPackages() {
  for (const [path, { link, resolved }] of Object.entries(packagesOf(inRoot('package-lock.json')))) {
    if (link !== true || existsSync(inRoot(path))) continue;
    mkdirSync(dirname(inRoot(path)), { recursive: true });
    symlinkSync(relative(dirname(inRoot(path)), inRoot(resolved)), inRoot(path));
  }
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}
