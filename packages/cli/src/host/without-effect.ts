import { findingAt, sourceOf, type Finding, type LoadedConfigs } from '@qvm/config';
import { hostVdevs } from './host-vdevs.js';

/** Findings for settings of system files that have no effect, because the host is a process, not a VM with devices. */
export function withoutEffect(configs: LoadedConfigs): readonly Finding[] {
  const vdevs = hostVdevs(configs)
    .filter(({ type }) => type !== 'shmem')
    .map(({ type, source }) => finding(sourceOf(source, 'type'), `the vdev ${type} of the host`));
  const switches = configs.switches
    .filter(({ vlans }) => vlans !== undefined)
    .map(({ name, at }) => finding(at ?? sourceOf(undefined), `"vlans" of the switch ${name}`));
  return [...vdevs, ...switches];
}

function finding(at: Parameters<typeof findingAt>[0], what: string): Finding {
  return findingAt(at, 'info', 'config.no-effect', `${what} is kept and changes nothing in this version`);
}
