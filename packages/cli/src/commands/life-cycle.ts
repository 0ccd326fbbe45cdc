import type { VmEnd } from '@qvm/host';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { printJson } from '../report/print.js';

/** Options of the commands that change a VM's state. */
export interface LifeCycleFlags extends HostFlags {
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout?: number;
}

/** `qvm pause` */
export async function pauseVm(vm: string, flags: LifeCycleFlags): Promise<void> {
  await withHost(flags, (host) => host.request('vm.pause', { vm }));
  if (flags.json === true) printJson({ name: vm, state: 'paused' });
}

/** `qvm resume` */
export async function resumeVm(vm: string, flags: LifeCycleFlags): Promise<void> {
  await withHost(flags, (host) => host.request('vm.resume', { vm }));
  if (flags.json === true) printJson({ name: vm, state: 'running' });
}

/** `qvm stop`: presses the power button. Returns the exit code: 1 if the power had to be cut. */
export async function stopVm(vm: string, flags: LifeCycleFlags): Promise<number> {
  const { timeout } = flags;
  const end = await withHost(flags, (host) =>
    host.request('vm.stop', timeout === undefined ? { vm } : { vm, timeoutMs: timeout * 1e3 }),
  );
  if (flags.json === true) printJson({ name: vm, ...end });
  else if (end.exitCode === POWER_CUT) {
    process.stderr.write(`qvm: error: ${vm} did not end within ${timeout ?? 30} s; its power was cut\n`);
  } else tell(vm, end);
  return end.exitCode === 0 ? CliExitCode.Success : CliExitCode.Failure;
}

/** `qvm destroy`: cuts the power. */
export async function destroyVm(vm: string, flags: LifeCycleFlags): Promise<void> {
  const end = await withHost(flags, (host) => host.request('vm.destroy', { vm }));
  if (flags.json === true) printJson({ name: vm, ...end });
}

/** `VmExitCode.PowerCut` */
const POWER_CUT = 3;

function tell(vm: string, { exitCode, reason, cause }: VmEnd): void {
  if (exitCode === 0) return;
  process.stderr.write(`qvm: error: ${vm}: ${reason.replace(/\.$/, '')}${cause === undefined ? '' : `: ${cause}`}\n`);
}
