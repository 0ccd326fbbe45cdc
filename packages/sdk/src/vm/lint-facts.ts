import type { LintFacts } from '@qvm/config';
import type { Hypervisor } from '../hypervisor.js';
import { vdevOptions } from './vdev-options.js';

/**
 * What a hypervisor knows about vdevs and boards, for `lintConfigs`. Files and the size of the host are not among it.
 *
 * @experimental
 */
export function lintFacts({ vdevTypes, architectures }: Pick<Hypervisor, 'vdevTypes' | 'architectures'>): LintFacts {
  const vdevs = new Map(vdevTypes.map((factory) => [factory.type, factory]));
  const boards = new Map(architectures.map((architecture) => [architecture.name, architecture]));
  return {
    vdev: (type) => {
      const factory = vdevs.get(type);
      if (factory === undefined) return undefined;
      return {
        options: vdevOptions(factory),
        console: factory.console === true,
        resources: (options) => factory.resources(options),
      };
    },
    defaultConsole: (arch) => boards.get(arch)?.defaultConsole,
    defaultRamBase: (arch) => boards.get(arch)?.defaultRamBase,
  };
}
