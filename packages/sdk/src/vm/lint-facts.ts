import type { LintFacts, VdevFacts } from '@qvm/config';
import type { Architecture } from '@qvm/core/architecture';
import type { VdevFactory } from '@qvm/core/vdev';
import { vdevOptions } from './vdev-options.js';

/**
 * The vdevs and architectures of a hypervisor.
 *
 * @experimental
 */
export interface KnownTypes {
  readonly vdevTypes: readonly VdevFactory[];
  readonly architectures: readonly Architecture[];
}

/**
 * Facts of a hypervisor about vdevs and boards, for `lintConfigs`. Files and the size of the host are not among it.
 *
 * @experimental
 */
export function lintFacts({ vdevTypes, architectures }: KnownTypes): LintFacts {
  const vdevs = new Map(vdevTypes.map((factory) => [factory.type, factory]));
  const boards = new Map(architectures.map((architecture) => [architecture.name, architecture]));
  return {
    vdev: (type) => {
      const factory = vdevs.get(type);
      return factory === undefined ? undefined : vdevFacts(factory);
    },
    defaultConsole: (arch) => boards.get(arch)?.defaultConsole,
    defaultRamBase: (arch) => boards.get(arch)?.defaultRamBase,
  };
}

/** A vdev type as the linter sees it. */
export function vdevFacts(factory: VdevFactory): VdevFacts {
  return {
    options: vdevOptions(factory),
    console: factory.console === true,
    resources: (options) => factory.resources(options),
    ...(factory.files === undefined ? {} : { files: (options) => factory.files?.(options) ?? [] }),
  };
}
