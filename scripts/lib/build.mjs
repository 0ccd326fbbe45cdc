import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { install } from './install.mjs';
import { inRoot } from './root.mjs';
import { runNode } from './run.mjs';
import { step } from './step.mjs';

/** Installs, compiles and bundles everything that is out of date. */
export async function build() {
  await install();
  for (const name of readdirSync(inRoot('packages'))) removeOrphans(inRoot('packages', name));
  await step('Building', async () => {
    const exitCode = await runNode([inRoot('node_modules', '@native', 'typescript', 'bin', 'tsc'), '-b']);
    if (exitCode !== 0) throw new Failure('The build failed.', exitCode);
    const { makeInterpreters } = await import('./interpreters.mjs');
    await makeInterpreters();
    // Imported late: before the installation there may be no esbuild.
    const { bundlePackages } = await import('./bundle.mjs');
    await bundlePackages();
    // npm packs the licence that is in a package's folder.
    for (const name of readdirSync(inRoot('packages')))
      copyFileSync(inRoot('LICENSE'), inRoot('packages', name, 'LICENSE'));
  });
}

/** Deletes output whose source is gone: tests would still be found there. */
function removeOrphans(folder) {
  const dist = join(folder, 'dist');
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true })) {
    const [, stem] = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(entry) ?? [];
    const sources = ['.ts', '.d.ts'].map((extension) => join(folder, 'src', `${stem}${extension}`));
    if (stem !== undefined && !sources.some((source) => existsSync(source))) rmSync(join(dist, entry));
  }
}
