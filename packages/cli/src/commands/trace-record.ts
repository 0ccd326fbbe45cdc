import type { ControlClient } from '@qvm/host';
import { endChunk, fileHeader } from '@qvm/trace';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { onStopSignals } from '../signals.js';
import { TraceFile } from '../trace/trace-file.js';

const POLL_MS = 50;

/** Options of `qvm trace record` and `stop`. */
export interface RecordFlags extends HostFlags {
  /** Names of VMs. Default: all running VMs. */
  readonly vm?: readonly string[];
}

/** Records VMs of the host to a file, until all of them have ended or their recording was stopped. */
export async function record(file: string, flags: RecordFlags): Promise<void> {
  await withHost(flags, async (host) => {
    const vms = await runningVms(host, flags);
    const started: string[] = [];
    const output = new TraceFile(file, (message) => process.stderr.write(`qvm: ${message}\n`));
    const stop = (): void => void Promise.allSettled(started.map((vm) => host.request('trace.stop', { vm })));
    const signals = onStopSignals(stop, stop);
    try {
      for (const vm of vms) {
        await host.request('trace.start', { vm });
        started.push(vm);
      }
      output.write(fileHeader());
      await copy(host, new Set(started), output);
      output.write(endChunk());
    } finally {
      signals.dispose();
      output.close();
    }
  });
}

/** Ends recordings. The recording command writes the remaining records. */
export async function stopRecording(flags: RecordFlags): Promise<void> {
  await withHost(flags, async (host) => {
    const vms = await runningVms(host, flags);
    const results = await Promise.allSettled(vms.map((vm) => host.request('trace.stop', { vm })));
    if (results.every(({ status }) => status === 'rejected')) {
      throw new CliError('no trace is being recorded', CliExitCode.Failure);
    }
  });
}

async function runningVms(host: ControlClient, { vm: names }: RecordFlags): Promise<readonly string[]> {
  const present = await host.request('vm.list', {});
  const running = present.filter(({ state }) => state === 'running' || state === 'paused').map(({ name }) => name);
  const missing = names?.find((name) => !running.includes(name));
  if (missing !== undefined) throw new CliError(`the host runs no VM ${missing}`, CliExitCode.Failure);
  if (running.length === 0) throw new CliError('the host runs no VM', CliExitCode.Failure);
  return names ?? running;
}

/** Fetches recorded data repeatedly. The last records of a VM that ends are lost. */
async function copy(host: ControlClient, active: Set<string>, output: TraceFile): Promise<void> {
  while (active.size > 0) {
    let taken = 0;
    for (const vm of [...active]) {
      const result = await host.request('trace.read', { vm }).catch(() => undefined);
      if (result !== undefined) output.write(Buffer.from(result.base64, 'base64'));
      taken += result?.base64.length ?? 0;
      if (result?.running !== true) active.delete(vm);
    }
    if (active.size > 0 && taken < 0x10_0000) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
