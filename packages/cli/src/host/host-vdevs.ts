import type { LoadedConfigs, VdevSpec } from '@qvm/config';

/** The vdevs of the host VM, which are in a system file, or in a file with vdevs only. */
export function hostVdevs({ hosts, fragments }: LoadedConfigs): readonly VdevSpec[] {
  return [...hosts.flatMap(({ vdevs }) => vdevs), ...fragments.flatMap(({ fragment }) => fragment.vdevs)];
}
