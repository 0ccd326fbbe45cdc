import type { LoadedConfigs, VdevSpec } from '@qvm/config';

/** The vdevs of the host VM: its configuration is a part of a system file, or a file that holds vdevs only. */
export function hostVdevs({ hosts, fragments }: LoadedConfigs): readonly VdevSpec[] {
  return [...hosts.flatMap(({ vdevs }) => vdevs), ...fragments.flatMap(({ fragment }) => fragment.vdevs)];
}
