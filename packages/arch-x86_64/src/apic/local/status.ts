import type { Json } from '@qvm/core';
import type { ApicCore } from './apic-core.js';
import { LvtEntry } from './local-vector-table.js';

/** The state of a local APIC for people: mode, priorities, vectors by state, timer, requests to the vCPU. */
export function apicStatus(apic: ApicCore): Json {
  const { address, base, lvt, priority, timer, pending } = apic;
  const taken = [...priority.taken].map((count, vector) => ({ vector, count }));
  return {
    id: address.id,
    mode: modeOf(apic),
    ...(base.page !== undefined && { page: base.page }),
    softwareEnabled: apic.softwareEnabled,
    logicalId: base.x2apic ? address.x2apicLogicalId : address.logicalId,
    taskPriority: priority.tpr,
    processorPriority: priority.ppr,
    pending: priority.irr.list(),
    inService: priority.isr.list(),
    level: priority.tmr.list(),
    localVectors: lvt.values().map((value, entry) => ({ source: LvtEntry[entry] ?? '', value })),
    timer: timer.describe(),
    requests: pending.save(),
    taken: taken.filter(({ count }) => count !== 0),
  };
}

function modeOf({ base }: ApicCore): string {
  if (!base.enabled) return 'disabled';
  return base.x2apic ? 'x2apic' : 'xapic';
}
