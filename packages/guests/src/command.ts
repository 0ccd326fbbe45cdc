import { spawn } from 'node:child_process';
import { GuestFetchError, systemErrorCode } from './errors.js';
import type { Environment } from './environment.js';

/** Exit and output of a program. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** The end of standard output and error, in order of arrival. */
  readonly tail: string;
}

/** Options for running a program. */
export interface CommandOptions {
  readonly env: Environment;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** File descriptor that gets standard output; `stdout` is then empty. */
  readonly stdoutFd?: number;
  /** Called with each line that the program writes to its file descriptor 3. */
  readonly onStatusLine?: (line: string) => void;
}

const MAX_STDOUT = 16 * 1024 * 1024;
const MAX_TAIL = 4096;
const MAX_LINE = 4096;

/** Splits input into lines; overlong ones are dropped. */
function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) rest = '';
    for (const line of lines) onLine(line);
  };
}

/** The environment of a child process, whose PATH also has the folders of system tools. */
function childEnvironment(env: Environment): Record<string, string> {
  const path = env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  const defined = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return { ...Object.fromEntries(defined), PATH: `${path}:/usr/sbin:/sbin`, LC_ALL: 'C' };
}

/**
 * Runs a program to its end, without a shell and without standard input.
 *
 * @throws GuestFetchError `tool-missing` when the program does not exist, `aborted` when `signal` is aborted
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { signal, stdoutFd, onStatusLine } = options;
  return new Promise((resolve, reject) => {
    const aborted = (): GuestFetchError => new GuestFetchError('aborted', `${command} was stopped`);
    if (signal?.aborted) return reject(aborted());
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: childEnvironment(options.env),
      stdio: ['ignore', stdoutFd ?? 'pipe', 'pipe', onStatusLine ? 'pipe' : 'ignore'],
    });
    const onAbort = (): void => void child.kill('SIGTERM');
    signal?.addEventListener('abort', onAbort, { once: true });
    let stdout = '';
    let tail = '';
    const keepTail = (chunk: string): void => {
      tail = (tail + chunk).slice(-MAX_TAIL);
    };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (stdout.length < MAX_STDOUT) stdout += chunk;
      keepTail(chunk);
    });
    child.stderr?.setEncoding('utf8').on('data', keepTail);
    const status = child.stdio[3];
    if (onStatusLine && status && 'setEncoding' in status)
      status.setEncoding('utf8').on('data', lineSplitter(onStatusLine));
    child.on('error', (error) => {
      signal?.removeEventListener('abort', onAbort);
      const missing = systemErrorCode(error) === 'ENOENT';
      reject(
        missing ? new GuestFetchError('tool-missing', `${command} is not installed here`, '', { cause: error }) : error,
      );
    });
    child.on('close', (code) => {
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) reject(aborted());
      else resolve({ exitCode: code ?? 128, stdout, tail: tail.trim() });
    });
  });
}
