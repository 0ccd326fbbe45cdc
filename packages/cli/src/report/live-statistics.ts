import type { HostedVm, VmStatsReport } from '@qvm/host';

/** Counters of a VM at a time of the host in milliseconds. */
interface Sample {
  readonly at: number;
  readonly stats: Pick<VmStatsReport, 'instructions' | 'busyTime' | 'interrupts'>;
}

/** A short description of a VM's activity between two samples. */
export function activity(name: string, before: Sample, after: Sample): string {
  const seconds = Math.max(after.at - before.at, 1) / 1e3;
  const busy = (after.stats.busyTime - before.stats.busyTime) / 1e9 / seconds;
  const rate = (after.stats.instructions - before.stats.instructions) / 1e6 / seconds;
  const interrupts = (after.stats.interrupts - before.stats.interrupts) / seconds;
  return `${name} ${(100 * Math.min(busy, 1)).toFixed(0)} % busy, ${rate.toFixed(1)} MIPS, ${interrupts.toFixed(0)} interrupts/s`;
}

/** Reports the activity of several VMs at intervals. */
export class LiveStatistics {
  readonly #vms: readonly HostedVm[];
  readonly #say: (line: string) => void;
  readonly #last = new Map<string, Sample>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(vms: readonly HostedVm[], intervalMs: number, say: (line: string) => void) {
    this.#vms = vms;
    this.#say = say;
    this.#timer = setInterval(() => void this.tell(), intervalMs);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  /** Reports the activity since the last report. */
  async tell(): Promise<void> {
    const parts = await Promise.all(this.#vms.filter(({ state }) => state === 'running').map((vm) => this.#since(vm)));
    const told = parts.filter((part) => part !== undefined);
    if (told.length > 0) this.#say(told.join('; '));
  }

  async #since(vm: HostedVm): Promise<string | undefined> {
    // A VM that ends meanwhile is omitted.
    const stats = await vm.request('stats', undefined).catch(() => undefined);
    if (stats === undefined) return undefined;
    const after = { at: performance.now(), stats };
    const before = this.#last.get(vm.name);
    this.#last.set(vm.name, after);
    return before === undefined ? undefined : activity(vm.name, before, after);
  }
}
