import { show } from '@qvm/core/options';
import { readInteger } from './build-fields.js';
import { readCpulist } from './cpulist.js';
import type { CpuDraft, VmDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { MAX_CPUS, PRIORITY_RANGE } from './limits.js';
import type { Located } from './location.js';
import { dropUndefined } from './record.js';
import type { CpuSpec, VmFragment } from './spec.js';

type CpuFields = Pick<VmFragment, 'cpus' | 'cpulist' | 'priority' | 'cpu'>;

/**
 * Reads `cpus`, `cpulist`, `priority` and `cpu`. If all vCPUs are equal, the result has the first three fields only.
 */
export function buildCpus(draft: VmDraft, findings: FindingList): CpuFields {
  const cpus = draft.cpus === undefined ? undefined : readInteger('cpus', draft.cpus, CPU_RANGE, findings);
  const cpulist = draft.cpulist === undefined ? undefined : readCpulist(draft.cpulist, findings);
  const priority =
    draft.priority === undefined ? undefined : readInteger('priority', draft.priority, PRIORITY_RANGE, findings);
  const common = dropUndefined({ cpulist, priority });
  if (draft.cpu === undefined) return dropUndefined({ cpus, ...common });
  const { at, items } = draft.cpu;
  const count = readInteger('cpus', { value: items.length, at }, CPU_RANGE, findings);
  if (count === undefined) return {};
  if (cpus !== undefined && cpus !== count) {
    const message = `"cpus" is ${cpus}, and "cpu" describes ${count}`;
    findings.error(draft.cpus?.at ?? at, 'config.out-of-range', message, 'leave "cpus" out');
  }
  const described = items.map((item) => ({ ...common, ...buildCpu(item, findings) }));
  return { cpus: count, ...alike(described) };
}

const CPU_RANGE = { min: 1, max: MAX_CPUS };

function alike(described: readonly CpuSpec[]): CpuFields {
  const [first = {}, ...others] = described;
  const text = JSON.stringify(normal(first));
  if (first.policy === undefined && others.every((other) => JSON.stringify(normal(other)) === text)) return first;
  return { cpu: described };
}

/** The members in a fixed order, for comparison. */
const normal = ({ cpulist, priority, policy }: CpuSpec): readonly unknown[] => [cpulist, priority, policy];

function buildCpu({ runmask, sched }: CpuDraft, findings: FindingList): CpuSpec {
  const cpulist = runmask === undefined ? undefined : readCpulist(runmask, findings);
  const scheduling = sched === undefined ? {} : readSched(sched, findings);
  return { ...dropUndefined({ cpulist }), ...scheduling };
}

const PLAIN = /^([0-9]{1,9})([rfo]?)$/;
// HI,LO,MAXREPL,PERIOD,BUDGETs: the sporadic policy.
const SPORADIC = /^([0-9]{1,9}),[0-9]+,[0-9]+,[0-9]+,[0-9]+s$/;

function readSched(sched: Located<string>, findings: FindingList): CpuSpec {
  const { value, at } = sched;
  const plain = PLAIN.exec(value);
  const sporadic = SPORADIC.exec(value);
  const digits = plain?.[1] ?? sporadic?.[1];
  if (digits === undefined) {
    findings.error(at, 'config.bad-setting', `${show(value)} is no scheduling`, 'right would be 10, 10r or 10f');
    return {};
  }
  if (sporadic !== null) {
    const message = 'the sporadic policy is not there yet: the higher priority is used round-robin';
    findings.warning(at, 'config.not-supported', message);
  }
  const priority = readInteger('sched', { value: Number(digits), at }, PRIORITY_RANGE, findings);
  return { ...dropUndefined({ priority }), ...(plain?.[2] === 'f' ? { policy: 'fifo' } : {}) };
}
