import { QvmError } from '@qvm/core';
import { ControlClient, controlSocketPath } from '@qvm/host';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** Options of every command that talks to a host. */
export interface HostFlags {
  /** Path of the control socket. */
  readonly socket?: string;
}

/** Path of the socket for these options. */
export function socketOf({ socket }: HostFlags): string {
  return controlSocketPath(socket === undefined ? process.env : { QVM_SOCKET: socket });
}

/** Connects to the host; `undefined` when none is running. */
export async function findHost(flags: HostFlags): Promise<ControlClient | undefined> {
  try {
    return await ControlClient.connect(socketOf(flags));
  } catch (error) {
    if (error instanceof QvmError && error.code === 'host.not-running') return undefined;
    throw error;
  }
}

/**
 * Runs an action with a connection to the host, which must be running. An error of the host is a failure of the
 * command, not of a VM.
 */
export async function withHost<T>(flags: HostFlags, action: (host: ControlClient) => Promise<T>): Promise<T> {
  let host: ControlClient | undefined;
  try {
    host = await ControlClient.connect(socketOf(flags));
    return await action(host);
  } catch (error) {
    if (!(error instanceof QvmError)) throw error;
    throw new CliError(error.message, CliExitCode.Failure, { cause: error.cause });
  } finally {
    host?.close();
  }
}
