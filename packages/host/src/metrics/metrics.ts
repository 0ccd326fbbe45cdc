import type { HostedVm } from '../vm/hosted-vm.js';
import type { VmHost } from '../vm/vm-host.js';
import type { HostStatus } from '../control/protocol.js';
import type { VmStatsReport } from '../worker/messages.js';

/** Time-out for the answer of a VM; a VM that exceeds it is omitted from this response. */
const STATS_TIMEOUT_MS = 1_000;

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The metrics of a host in the text format of Prometheus (version 0.0.4). */
export async function metricsOf(host: VmHost, status: HostStatus): Promise<string> {
  const vms = host.vms.filter(({ ended }) => !ended);
  const stats = (await Promise.all(vms.map(statsOf))).filter((report) => report !== undefined);
  return [...hostMetrics(status, vms), ...vmMetrics(stats)].map(format).join('');
}

function hostMetrics(status: HostStatus, vms: readonly HostedVm[]): readonly Metric[] {
  const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
  const each = (value: (vm: HostedVm) => number): readonly Sample[] =>
    vms.map((vm) => ({ labels: { vm: vm.name }, value: value(vm) }));
  return [
    gauge('qvm_host_uptime_seconds', 'Time since the host was started.', one(status.uptimeMs / 1e3)),
    gauge('qvm_host_resident_bytes', 'Resident memory of the host process.', one(status.residentBytes)),
    gauge('qvm_host_clients', 'Clients of the control socket.', one(status.clients)),
    gauge('qvm_host_vms', 'VMs that have not ended.', one(status.vms)),
    {
      ...gauge('qvm_vm_state', 'The state of a VM: 1 for the one that it is in.', []),
      samples: vms.map((vm) => ({ labels: { vm: vm.name, state: vm.state }, value: 1 })),
    },
    gauge(
      'qvm_vm_uptime_seconds',
      'Time since a VM was started last.',
      each((vm) => vm.uptimeMs / 1e3),
    ),
    counter(
      'qvm_vm_restarts_total',
      'Starts of a VM after it had ended.',
      each((vm) => vm.restarts),
    ),
  ];
}

function vmMetrics(stats: readonly VmStatsReport[]): readonly Metric[] {
  const each = (value: (report: VmStatsReport) => number): readonly Sample[] =>
    stats.map((report) => ({ labels: { vm: report.name }, value: value(report) }));
  return [
    counter(
      'qvm_vm_time_seconds_total',
      'Virtual time.',
      each(({ time }) => time / 1e9),
    ),
    counter(
      'qvm_vm_busy_seconds_total',
      'Host time spent on a VM.',
      each(({ busyTime }) => busyTime / 1e9),
    ),
    counter(
      'qvm_vm_instructions_total',
      'Instructions retired.',
      each(({ instructions }) => instructions),
    ),
    counter(
      'qvm_vm_interrupts_total',
      'Rising edges of interrupt sources.',
      each(({ interrupts }) => interrupts),
    ),
    counter(
      'qvm_vm_resets_total',
      'Resets by the guest.',
      each(({ resets }) => resets),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, kind: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, kind: 'counter', help, samples };
}

function format({ name, kind, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => {
    const text = Object.entries(labels).map(([label, content]) => `${label}="${escape(content)}"`);
    return `${name}${text.length === 0 ? '' : `{${text.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

async function statsOf(vm: HostedVm): Promise<VmStatsReport | undefined> {
  const timeout = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), STATS_TIMEOUT_MS).unref();
  });
  return Promise.race([vm.request('stats', undefined).catch(() => undefined), timeout]);
}
