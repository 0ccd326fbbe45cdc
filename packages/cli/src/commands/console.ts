import { showRemoteConsole } from '../console/remote-console.js';
import { withHost, type HostFlags } from '../host/connect.js';

/** Options of `qvm console`. */
export interface ConsoleFlags extends HostFlags {
  /** Name of a vdev's stream; the console when absent. */
  readonly stream?: string;
  /** Leave out what was written before. */
  readonly fresh?: boolean;
}

/** `qvm console`: connects the terminal with a VM's console until one of both ends it. */
export async function attachToConsole(vm: string, flags: ConsoleFlags): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`qvm: ${line}\n`);
  await withHost(flags, async (host) => {
    if (process.stdin.isTTY) say(`the console of ${vm}; Ctrl-A d detaches, Ctrl-A h helps`);
    const { stream, fresh } = flags;
    const how = await showRemoteConsole(
      host,
      { vm, ...(stream === undefined ? {} : { stream }), ...(fresh === undefined ? {} : { fresh }) },
      say,
    );
    if (process.stdin.isTTY) say(how === 'ended' ? `${vm} has ended` : 'detached');
  });
}
