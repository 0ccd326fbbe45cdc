import { HostLog, HostProcess, type LogFormat, type MetricsAddress } from '@qvm/host';
import { guestCacheDirectory } from '@qvm/guests';
import { socketOf, withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { printJson, printLines } from '../report/print.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';
import { bytesText, durationText } from '../report/units.js';

/** Options of `qvm host`. */
export interface RunHostFlags extends HostFlags {
  readonly logFormat?: LogFormat;
  readonly metrics?: MetricsAddress;
  readonly verbose?: boolean;
  /** Seconds in which guests must shut down. */
  readonly stopTimeout?: number;
}

/** `qvm host`: runs a host until it is stopped. Returns the exit code. */
export async function runHost(flags: RunHostFlags): Promise<number> {
  process.env['QVM_GUESTS'] ??= guestCacheDirectory();
  const log = new HostLog(process.stderr, flags.logFormat ?? 'text', flags.verbose === true);
  const host = await openHost(flags, log);
  const timeoutMs = (flags.stopTimeout ?? 30) * 1e3;
  let asked = 0;
  // The second signal means that the user does not want to wait.
  const stop = (): void => void host.shutdown(asked++ === 0 ? timeoutMs : 0);
  const cut = (): void => void host.shutdown(0);
  const fault = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.host('error', `internal failure, all VMs are ended: ${text}`);
    failed = true;
    cut();
  };
  let failed = false;
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGQUIT', cut).on('SIGHUP', stop);
  process.removeAllListeners('uncaughtException').on('uncaughtException', fault);
  await host.closed;
  if (host.vms.vms.some(({ stuck }) => stuck)) endHard();
  return failed ? CliExitCode.Internal : CliExitCode.Success;
}

/** Ends the process although a thread hangs in a system call; nothing else ends it then. */
function endHard(): never {
  process.stderr.write('qvm: error: a thread of a VM hangs in a call to the system; the host ends by SIGKILL\n');
  process.kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL has no handler');
}

async function openHost(flags: RunHostFlags, log: HostLog): Promise<HostProcess> {
  try {
    const { metrics } = flags;
    const host = await HostProcess.open({
      socket: socketOf(flags),
      log,
      ...(metrics === undefined ? {} : { metrics }),
    });
    const address = host.metricsAddress;
    if (address !== undefined) log.host('info', `metrics are at http://${address.host}:${address.port}/metrics`);
    return host;
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), CliExitCode.Failure, { cause: error });
  }
}

/** `qvm host status` */
export async function hostStatus(flags: HostFlags & { readonly json?: boolean }): Promise<void> {
  const status = await withHost(flags, (host) => host.request('host.status', {}));
  if (flags.json === true) {
    printJson(status);
    return;
  }
  const rows = [
    ['version', status.version],
    ['process', String(status.pid)],
    ['socket', status.socket],
    ['uptime', durationText(status.uptimeMs)],
    ['VMs', String(status.vms)],
    ['clients', String(status.clients)],
    ['resident', bytesText(status.residentBytes)],
  ];
  printLines([table(rows), ...status.warnings.map((warning) => `warning: ${warning}`)]);
}

/** `qvm host stop`: returns when the host has shut down. */
export async function stopHost(flags: HostFlags & { readonly timeout?: number }): Promise<void> {
  await withHost(flags, async (host) => {
    await host.request('host.stop', flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1e3 });
    await host.closed;
  });
}
