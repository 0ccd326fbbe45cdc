import type { ControlClient } from '@qvm/host';
import type { Disposable } from '@qvm/core';
import { onReaderGone } from '../report/output-streams.js';
import { statsLines } from '../report/vm-report.js';
import { EscapeFilter, type EscapeKey } from './escape-filter.js';
import { RawTerminal } from './raw-terminal.js';
import { followTerminalSize } from './terminal-size.js';

/** Size of input in one request in bytes. */
const INPUT_CHUNK = 0x4000;
/**
 * After the end of the input, output is shown until there was none for `QUIET_MS`, but no longer than the second
 * limit. Milliseconds.
 */
const QUIET_MS = 500;
const LINGER_MS = 5_000;

/** A console of a VM. */
export interface RemoteConsole {
  readonly vm: string;
  readonly stream?: string;
  /** Whether to omit earlier output. */
  readonly fresh?: boolean;
  /** Whether the end of stdin detaches, after the output caused by the input has arrived. */
  readonly untilInputEnds?: boolean;
}

/**
 * Connects stdin and stdout to a console in a host, until the VM has ended or the user detaches. On a terminal, keys
 * are sent to the guest as they are typed, and the guest gets the terminal's size.
 *
 * @param say - prints a line for the user.
 */
export async function showRemoteConsole(
  host: ControlClient,
  { vm, stream, fresh, untilInputEnds }: RemoteConsole,
  say: (line: string) => void,
): Promise<'ended' | 'detached'> {
  const { stdin, stdout } = process;
  const where = { vm, ...(stream === undefined ? {} : { stream }) };
  let lastOutput = performance.now();
  const terminal = stdin.isTTY ? new RawTerminal(stdin) : undefined;
  // Before anything is shown: what is typed from then on is for the guest, and is not echoed.
  terminal?.enter();
  const { ended, detach } = await host
    .attach({ ...where, backlog: fresh !== true }, (bytes, lost) => {
      lastOutput = performance.now();
      if (lost !== 0) say(`${lost} bytes of output were lost here: they came faster than they were read`);
      stdout.write(bytes);
    })
    .catch((error: unknown) => {
      terminal?.leave();
      throw error;
    });
  const size = followTerminalSize(stdout, (columns, rows) => {
    host.request('console.resize', { ...where, columns, rows }).catch(() => undefined);
  });
  let readerGone: Disposable | undefined;
  const left = new Promise<'detached'>((resolve) => {
    const leave = (): void => resolve('detached');
    const escapes = new EscapeFilter(escapeKeys(host, vm, say, leave), (lines) => lines.forEach(say));
    readerGone = onReaderGone(leave);
    const inputEnded = (): Promise<void> => quiet(() => lastOutput);
    sendInput(host, where, terminal === undefined ? undefined : escapes).then(
      () => (untilInputEnds === true ? inputEnded().then(leave) : undefined),
      // Without stdin, the output is still useful.
      () => undefined,
    );
  });
  if (terminal !== undefined) say(`the console of ${vm}; Ctrl-A d detaches, Ctrl-A h helps`);
  try {
    const how = await Promise.race([ended.then(() => 'ended' as const), left]);
    if (how === 'detached') await detach();
    return how;
  } finally {
    readerGone?.dispose();
    size.dispose();
    terminal?.leave();
    stdin.destroy();
  }
}

/** Resolves when there has been no output for a while. */
async function quiet(lastOutput: () => number): Promise<void> {
  const start = performance.now();
  for (;;) {
    const now = performance.now();
    const left = Math.min(start + LINGER_MS, Math.max(start, lastOutput()) + QUIET_MS) - now;
    if (left <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, left));
  }
}

/** Sends the input in pieces: the host answers each when the guest has room for more. */
async function sendInput(
  host: ControlClient,
  where: { readonly vm: string; readonly stream?: string },
  escapes: EscapeFilter | undefined,
): Promise<void> {
  for await (const data of process.stdin as AsyncIterable<Uint8Array>) {
    const bytes = escapes?.filter(data) ?? data;
    for (let at = 0; at < bytes.length; at += INPUT_CHUNK) {
      const base64 = Buffer.from(bytes.subarray(at, at + INPUT_CHUNK)).toString('base64');
      await host.request('console.input', { ...where, base64 });
    }
  }
}

function escapeKeys(
  host: ControlClient,
  vm: string,
  say: (line: string) => void,
  detach: () => void,
): readonly EscapeKey[] {
  const sayWhy = (error: unknown): void => say(error instanceof Error ? error.message : String(error));
  const ask = (method: 'vm.stop' | 'vm.destroy') => () => void host.request(method, { vm }).catch(sayWhy);
  const showStats = (): void =>
    void host.request('vm.stat', { vm }).then((stats) => statsLines(stats).forEach((line) => say(line)), sayWhy);
  return [
    { letters: 'd', help: 'detach; the VM goes on', run: detach },
    { letters: 'p', help: 'press the power button', run: ask('vm.stop') },
    { letters: 'x', help: 'cut the power (exit code 3)', run: ask('vm.destroy') },
    { letters: 's', help: 'statistics', run: showStats },
  ];
}
