import type { LahavLane, LahavLine, SegmentLabel } from './lahav-line.js';

/**
 * Totals of the segments with one label.
 *
 * @experimental
 */
export interface LabelTotals {
  /** Index of the label. */
  readonly label: number;
  /** Number of segments; if the label's `exit` is set, these are guest exits. */
  count: number;
  /** Total time in nanoseconds. */
  time: number;
  /** Length of the longest segment in nanoseconds, and its start. */
  longest: number;
  /** Start of the longest segment in nanoseconds. */
  longestStart: number;
}

/**
 * Adds up the segments of lanes between two times. A segment that is partly inside counts with that part. Also runs in
 * the page, so it uses nothing outside of itself.
 *
 * @returns one entry for each label that occurs, by index.
 * @experimental
 */
export function addSegments(lanes: readonly LahavLane[], from: number, to: number): LabelTotals[] {
  const totals: LabelTotals[] = [];
  for (const { starts, labels, end } of lanes) {
    for (let n = 0; n < starts.length; n++) {
      const start = Math.max(from, starts[n] as number);
      const stop = Math.min(to, starts[n + 1] ?? end);
      if (start > stop || (start === stop && (starts[n] as number) < from)) continue;
      const label = labels[n] as number;
      const entry = (totals[label] ??= { label, count: 0, time: 0, longest: -1, longestStart: 0 });
      entry.count++;
      entry.time += stop - start;
      if (stop - start <= entry.longest) continue;
      entry.longest = stop - start;
      entry.longestStart = start;
    }
  }
  return totals.filter((entry) => entry !== undefined);
}

/**
 * Number and duration of the hypervisor's segments with one cause.
 *
 * @experimental
 */
export interface CauseTotals {
  /** The cause, or the name of the vdev. */
  cause: string;
  /** Number of guest exits; 0 for work that did not start with an exit. */
  exits: number;
  /** Total time in nanoseconds. */
  time: number;
  /** The longest segment, in nanoseconds. */
  longest: number;
}

/**
 * Sums of a line, in nanoseconds. `guest`, `hypervisor` and `idle` add up to `duration`.
 *
 * @experimental
 */
export interface LahavTotals {
  /** Total of all lanes. */
  readonly duration: number;
  /** Time of guest code in nanoseconds. */
  readonly guest: number;
  /** Time of the hypervisor in nanoseconds. */
  readonly hypervisor: number;
  /** Idle time in nanoseconds. */
  readonly idle: number;
  /** Number of guest exits. */
  readonly exits: number;
  /** Share of guest time in the time that is not idle, 0 to 1; absent where all time is idle. */
  readonly residency?: number;
  /** Guest exits per second of the line; absent for a line without time. */
  readonly exitsPerSecond?: number;
  /** The longest segment of the hypervisor; `undefined` when there is none. */
  readonly longestHypervisor:
    | {
        /** Start of the segment in nanoseconds. */
        readonly start: number;
        /** Length of the segment in nanoseconds. */
        readonly time: number;
        /** Label of the segment. */
        readonly label: SegmentLabel;
      }
    | undefined;
  /** The hypervisor's work by cause, in descending order of time. */
  readonly causes: readonly CauseTotals[];
  /** The same by vdev, for device accesses. */
  readonly vdevs: readonly CauseTotals[];
  /** Each vCPU of the trace. */
  readonly vcpus: readonly VcpuTotals[];
}

/**
 * Sums of one vCPU, which `vm.stats()` also counts.
 *
 * @experimental
 */
export interface VcpuTotals {
  /** Name of the VM. */
  readonly vm: string;
  /** Index of the vCPU in its VM. */
  readonly vcpu: number;
  /** Time of guest code in nanoseconds. */
  guest: number;
  /** Guest exits by cause. */
  readonly exits: Record<
    string,
    {
      /** Number of exits. */
      count: number;
      /** Time until the guest went on, in nanoseconds. */
      time: number;
    }
  >;
}

/**
 * Sums up a line.
 *
 * @experimental
 */
export function lahavTotals({ lanes, labels }: LahavLine, from = -Infinity, to = Infinity): LahavTotals {
  const entries = addSegments(lanes, from, to).map((entry) => ({ ...entry, of: labels[entry.label] as SegmentLabel }));
  const time = (kind: SegmentLabel['kind']): number =>
    entries.reduce((sum, entry) => (entry.of.kind === kind ? sum + entry.time : sum), 0);
  const [guest, hypervisor, idle] = [time('guest'), time('hypervisor'), time('idle')];
  const exits = entries.reduce((sum, entry) => (entry.of.exit ? sum + entry.count : sum), 0);
  const duration = guest + hypervisor + idle;
  const busy = guest + hypervisor;
  const working = entries.filter(({ of }) => of.kind === 'hypervisor');
  const longest = working.reduce<(typeof working)[number] | undefined>(
    (best, entry) => (best === undefined || entry.longest > best.longest ? entry : best),
    undefined,
  );
  return {
    duration,
    guest,
    hypervisor,
    idle,
    exits,
    ...(busy === 0 ? {} : { residency: guest / busy }),
    ...(duration === 0 ? {} : { exitsPerSecond: (exits * 1e9) / duration }),
    longestHypervisor: longest && { start: longest.longestStart, time: longest.longest, label: longest.of },
    causes: groupBy(working, ({ cause }) => cause),
    vdevs: groupBy(working, ({ vdev }) => vdev),
    vcpus: vcpuTotals(entries),
  };
}

type Entry = LabelTotals & { readonly of: SegmentLabel };

function groupBy(entries: readonly Entry[], key: (label: SegmentLabel) => string): readonly CauseTotals[] {
  const groups = new Map<string, CauseTotals>();
  for (const { of, count, time, longest } of entries) {
    const cause = key(of);
    if (cause === '') continue;
    let group = groups.get(cause);
    if (group === undefined) groups.set(cause, (group = { cause, exits: 0, time: 0, longest: 0 }));
    if (of.exit) group.exits += count;
    group.time += time;
    group.longest = Math.max(group.longest, longest);
  }
  return [...groups.values()].sort((a, b) => b.time - a.time);
}

function vcpuTotals(entries: readonly Entry[]): readonly VcpuTotals[] {
  const vcpus = new Map<string, VcpuTotals>();
  for (const { of, count, time } of entries) {
    if (of.vcpu < 0) continue;
    const key = `${of.vm}\0${of.vcpu}`;
    let totals = vcpus.get(key);
    if (totals === undefined) vcpus.set(key, (totals = { vm: of.vm, vcpu: of.vcpu, guest: 0, exits: {} }));
    if (of.kind === 'guest') totals.guest += time;
    else {
      const exits = (totals.exits[of.cause] ??= { count: 0, time: 0 });
      exits.time += time;
      if (of.exit) exits.count += count;
    }
  }
  return [...vcpus.values()].sort((a, b) => a.vm.localeCompare(b.vm) || a.vcpu - b.vcpu);
}
