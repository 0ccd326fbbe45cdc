import type { Board } from '@qvm/core/board';
import { ARCHITECTURES, type LintFacts, type VdevFacts } from '@qvm/config';
import type { ArchitectureSource } from '@qvm/core/architecture';
import { allVdevOptions, type VdevFactory } from '@qvm/core/vdev';

/**
 * The vdevs, architectures and boards of a hypervisor.
 *
 * @experimental
 */
export interface KnownTypes {
  /** The vdev types, except those of packages that are named only in a configuration. */
  readonly vdevTypes: readonly VdevFactory[];
  /** The architectures. */
  readonly architectures: readonly ArchitectureSource[];
  /** The boards. */
  readonly boards: readonly Board[];
}

/**
 * Facts about vdevs and boards of a hypervisor for `lintConfigs`, without files and the size of the host.
 *
 * @experimental
 */
export function lintFacts({ vdevTypes, architectures, boards }: KnownTypes): LintFacts {
  const vdevs = new Map(vdevTypes.map((factory) => [factory.type, factory]));
  return {
    vdev: (type) => {
      const factory = vdevs.get(type);
      return factory === undefined ? undefined : vdevFacts(factory);
    },
    board: ({ arch = ARCHITECTURES[0], board }) => {
      const name = board ?? architectures.find((architecture) => architecture.name === arch)?.defaultBoard;
      return boards.find((candidate) => candidate.architecture === arch && candidate.name === name);
    },
  };
}

/** A vdev type in the form that the linter uses. */
export function vdevFacts(factory: VdevFactory): VdevFacts {
  return {
    options: allVdevOptions(factory),
    console: factory.console === true,
    resources: (options, machine) => factory.resources(options, machine),
    ...(factory.files === undefined ? {} : { files: (options) => factory.files?.(options) ?? [] }),
  };
}
