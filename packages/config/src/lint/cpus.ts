import type { VmFragment } from '../spec.js';

/** The host CPUs that a VM may use; none when it is bound to none. */
export function cpusOf({ cpulist, cpu }: VmFragment): readonly number[] {
  return cpulist ?? [...new Set((cpu ?? []).flatMap((vcpu) => vcpu.cpulist ?? []))];
}
