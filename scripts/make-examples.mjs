// npm run examples: the packages in examples that "qvm vdev new" makes. With --check (part of npm run lint), says whether
// they are what it would make now. Needs a build.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';

const EXAMPLES = [
  { folder: 'exit-counter', name: '@acme/exit-counter', kind: 'hook' },
  { folder: 'vdev-thermometer', name: '@acme/vdev-thermometer', kind: 'mmio' },
  { folder: 'vdev-checksum', name: '@acme/vdev-checksum', kind: 'virtio' },
];
/** Files that work in an example creates. */
const LEFT_OVER = /^(dist|node_modules|package-lock\.json)/;

await main(() => {
  if (process.argv.includes('--check')) check();
  else for (const example of EXAMPLES) remake(example);
});

function remake(example) {
  const folder = inRoot('examples', example.folder);
  rmSync(folder, { recursive: true, force: true });
  make(example, folder);
}

function check() {
  const fresh = mkdtempSync(join(tmpdir(), 'qvm-examples-'));
  try {
    const problems = EXAMPLES.flatMap((example) => {
      const made = join(fresh, example.folder);
      make(example, made);
      return differences(made, inRoot('examples', example.folder));
    });
    if (problems.length !== 0) throw new Failure(`${problems.join('\n')}\nTo make them again: npm run examples`);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

function make({ name, kind }, folder) {
  const command = inRoot('packages/cli/bin/qvm.mjs');
  execFileSync(process.execPath, [command, 'vdev', 'new', name, '--kind', kind, '--dir', folder]);
}

function differences(made, kept) {
  const paths = new Set([...filesOf(made), ...filesOf(kept)]);
  return [...paths]
    .filter((path) => read(join(made, path)) !== read(join(kept, path)))
    .map((path) => `${join(kept, path)} is not what the template makes`);
}

function filesOf(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => path.slice(folder.length + 1)).filter((path) => !LEFT_OVER.test(path));
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
