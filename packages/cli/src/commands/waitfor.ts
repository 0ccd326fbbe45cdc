import { existsSync } from 'node:fs';
import { answers } from '@qvm/host';
import { socketOf, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** QNX' device name for the host, which stands for the host itself. */
const HOST_DEVICE = '/dev/qvm';
const DEFAULT_SECONDS = 5;
const PERIOD_MS = 50;
const LONGEST_SECONDS = 86_400;

/** `qvm waitfor [PATH] [SECONDS]`: waits until the host answers, or until a path exists. */
export async function waitFor(words: readonly string[], flags: HostFlags): Promise<void> {
  const { path, seconds } = readWords(words);
  const socket = socketOf(flags);
  const ready = (): Promise<boolean> =>
    path === HOST_DEVICE || path === socket ? answers(socket) : Promise.resolve(existsSync(path));
  const deadline = performance.now() + seconds * 1e3;
  while (!(await ready())) {
    if (performance.now() >= deadline) {
      const what = path === HOST_DEVICE ? `no host answers at ${socket}` : `there is no ${path}`;
      throw new CliError(`${what} after ${seconds} s`, CliExitCode.Failure);
    }
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

function readWords(words: readonly string[]): { readonly path: string; readonly seconds: number } {
  const [first, second] = words;
  if (first === undefined) return { path: HOST_DEVICE, seconds: DEFAULT_SECONDS };
  if (second !== undefined) return { path: first, seconds: readSeconds(second) };
  return /^[0-9.]+$/.test(first)
    ? { path: HOST_DEVICE, seconds: readSeconds(first) }
    : { path: first, seconds: DEFAULT_SECONDS };
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && seconds <= LONGEST_SECONDS) return seconds;
  throw new CliError(`"${text}" is no number of seconds`, CliExitCode.Usage);
}
