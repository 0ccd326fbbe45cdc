import type { ControlClient } from '@qvm/host';
import { EscapeFilter, type EscapeKey } from './escape-filter.js';
import { RawTerminal } from './raw-terminal.js';

/** Bytes of input in one request. */
const INPUT_CHUNK = 0x4000;

/** Which console of which VM. */
export interface RemoteConsole {
  readonly vm: string;
  readonly stream?: string;
  /** Whether to leave out what was written before. */
  readonly fresh?: boolean;
}

/**
 * Connects stdin and stdout with a console in a host, until the VM has ended or the user detaches. The end of a piped
 * stdin leaves the connection as it is: output goes on.
 *
 * @param say - prints a line for the user.
 */
export async function showRemoteConsole(
  host: ControlClient,
  { vm, stream, fresh }: RemoteConsole,
  say: (line: string) => void,
): Promise<'ended' | 'detached'> {
  const { stdin, stdout } = process;
  const where = { vm, ...(stream === undefined ? {} : { stream }) };
  const { ended, detach } = await host.attach({ ...where, backlog: fresh !== true }, (bytes, lost) => {
    if (lost !== 0) say(`${lost} bytes of output were lost here: they came faster than they were read`);
    stdout.write(bytes);
  });
  const terminal = stdin.isTTY ? new RawTerminal(stdin) : undefined;
  const left = new Promise<'detached'>((resolve) => {
    const leave = (): void => resolve('detached');
    const escapes = new EscapeFilter(escapeKeys(host, vm, say, leave), (lines) => lines.forEach(say));
    stdout.once('error', leave);
    // Without stdin, the output is worth seeing still.
    sendInput(host, where, terminal === undefined ? undefined : escapes).catch(() => undefined);
  });
  terminal?.enter();
  try {
    const how = await Promise.race([ended.then(() => 'ended' as const), left]);
    if (how === 'detached') await detach();
    return how;
  } finally {
    terminal?.leave();
    stdin.destroy();
  }
}

/** Sends one piece after the other: the host answers when the guest has room for more. */
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
  const ask = (method: 'vm.stop' | 'vm.destroy') => () => {
    host.request(method, { vm }).catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  };
  return [
    { letters: 'd', help: 'detach; the VM goes on', run: detach },
    { letters: 'p', help: 'press the power button', run: ask('vm.stop') },
    { letters: 'x', help: 'cut the power (exit code 3)', run: ask('vm.destroy') },
  ];
}
