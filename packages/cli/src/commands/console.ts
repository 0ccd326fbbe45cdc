import { showRemoteConsole } from '../console/remote-console.js';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';

/** Options of `qvm console`. */
export interface ConsoleFlags extends HostFlags {
  /** Name of a vdev's stream. Default: the console. */
  readonly stream?: string;
  /** Whether to omit earlier output. */
  readonly fresh?: boolean;
}

/**
 * `qvm console`: connects the terminal to a VM's console until either ends the connection. Returns the exit code, which
 * is the VM's if it has ended meanwhile.
 */
export async function attachToConsole(vm: string, { stream, fresh, ...flags }: ConsoleFlags): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`qvm: ${line}\n`);
  const onTerminal = process.stdin.isTTY;
  return withHost(flags, async (host) => {
    const which = { vm, ...(stream === undefined ? {} : { stream }), ...(fresh === undefined ? {} : { fresh }) };
    const how = await showRemoteConsole(host, { ...which, untilInputEnds: !onTerminal }, say);
    if (onTerminal) say(how === 'ended' ? `${vm} has ended` : 'detached');
    if (how === 'detached') return CliExitCode.Success;
    return (await host.request('vm.wait', { vm })).exitCode;
  });
}
