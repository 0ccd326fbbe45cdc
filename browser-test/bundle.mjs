import { build } from 'esbuild';
import { inRoot } from '../scripts/lib/root.mjs';

/**
 * Bundles scripts of this folder as an application would. The platform "browser" makes bundlers follow the "browser" condition of
 * @qvm/sdk and the "browser" field of tapable, which brings its own stand-in for Node's util; any other Node module that is
 * reached fails the build.
 *
 * @param names - of the scripts
 * @returns the bundled files by name
 */
export async function bundle(...names) {
  const { outputFiles } = await build({
    entryPoints: names.map((name) => inRoot('browser-test', name)),
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    outdir: 'out',
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.split(/[\\/]/).at(-1), contents]));
}
