import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/**
 * Runs a program in the repository's root and waits for its end.
 *
 * @param options - as for `child_process.spawn`; `stdio` is `inherit` when absent.
 * @returns the exit code; 128 + signal number when a signal ended it.
 */
export function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  return exitOf(child, command);
}

/**
 * Runs a program in the repository's root for what it writes to its standard output.
 *
 * @returns its exit code and the text
 */
export async function textOf(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  return { exitCode: await exitOf(child, command), text };
}

/** Waits for the end of a child process. */
export function exitOf(child, command) {
  // A terminal sends Ctrl-C to the child as well: let it end first, so that the terminal is in order again.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${command} cannot be run: ${error.message}`)));
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(() => process.off('SIGINT', ignore));
}

/** As {@link run} with this Node and a JavaScript file. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}
