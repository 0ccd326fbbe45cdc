import { existsSync } from 'node:fs';
import { Failure } from './failure.mjs';
import { run, textOf } from './run.mjs';

/**
 * Runs npm in the repository's root.
 *
 * @returns its exit code
 */
export function npm(args, options) {
  return run(...commandOf(args), options);
}

/**
 * Runs npm for its output.
 *
 * @throws Failure when it fails
 */
export async function npmText(args) {
  const { exitCode, text } = await textOf(...commandOf(args));
  if (exitCode !== 0) throw new Failure(`npm ${args.join(' ')} failed with exit code ${exitCode}.`, exitCode);
  return text;
}

function commandOf(args) {
  // Under "npm run", npm says where it is; then it need not be on the path.
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') && existsSync(cli) ? [process.execPath, [cli, ...args]] : ['npm', args];
}
