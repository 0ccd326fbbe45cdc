import type { VmFragment } from '../spec.js';

/** The host CPUs to which a VM is bound; empty if it is not bound. */
export function cpusOf({ cpulist, cpu }: VmFragment): readonly number[] {
  return cpulist ?? [...new Set((cpu ?? []).flatMap((vcpu) => vcpu.cpulist ?? []))];
}
