import type { Board } from '@qvm/core/board';
import { ARCHITECTURE, BOARD, HOOK_PLUGIN, VDEV_FACTORY } from '@qvm/core';
import type { HookPlugin } from '@qvm/core';
import type { ArchitectureSource } from '@qvm/core/architecture';
import type { VdevFactory } from '@qvm/core/vdev';
import { inject, injectable, multiInject, optional } from 'inversify';
import { CHARACTER_BACKEND } from '../console/character-backends.js';
import type { CharacterBackendFactory } from '../console/character-backends.js';

const CHAINED = { chained: true };

/** The host's registries, for lookup by a VM's registries. */
export const HOST_REGISTRIES = Symbol.for('qvm:@qvm/sdk/HostRegistries');

/**
 * Everything that plugins provide to the host, or to one VM (then including the host's). Of two entries with the same
 * name, the later registration has precedence, and a VM's own over the host's.
 */
@injectable()
export class Registries {
  readonly vdevs: ReadonlyMap<string, VdevFactory>;
  readonly architectures: ReadonlyMap<string, ArchitectureSource>;
  /** Boards by architecture and name, see {@link boardKey}. */
  readonly boards: ReadonlyMap<string, Board>;
  readonly backends: ReadonlyMap<string, CharacterBackendFactory>;
  readonly hookPlugins: readonly HookPlugin[];
  /** All registrations, including those hidden by later ones. */
  readonly #all: ReadonlySet<unknown>;

  constructor(
    @multiInject(VDEV_FACTORY.key, CHAINED) @optional() vdevs: VdevFactory[] = [],
    @multiInject(ARCHITECTURE.key, CHAINED) @optional() architectures: ArchitectureSource[] = [],
    @multiInject(CHARACTER_BACKEND.key, CHAINED) @optional() backends: CharacterBackendFactory[] = [],
    @multiInject(HOOK_PLUGIN.key, CHAINED) @optional() hookPlugins: HookPlugin[] = [],
    @multiInject(BOARD.key, CHAINED) @optional() boards: Board[] = [],
    @inject(HOST_REGISTRIES) @optional() host?: Registries,
  ) {
    this.#all = new Set<unknown>([...vdevs, ...architectures, ...boards, ...backends, ...hookPlugins]);
    // Chained injection also returns the host's entries, which are already ordered in the host's registries.
    const own = <T>(all: readonly T[]): readonly T[] =>
      host === undefined ? all : all.filter((item) => !host.#all.has(item));
    this.vdevs = byName(host?.vdevs, own(vdevs), ({ type }) => type);
    this.architectures = byName(host?.architectures, own(architectures), ({ name }) => name);
    this.boards = byName(host?.boards, own(boards), ({ architecture, name }) => boardKey(architecture, name));
    this.backends = byName(host?.backends, own(backends), ({ scheme }) => scheme);
    this.hookPlugins = [...(host?.hookPlugins ?? []), ...own(hookPlugins)];
  }
}

/** A key of both, because boards of two architectures may have the same name. */
export function boardKey(architecture: string, name: string): string {
  return `${architecture}/${name}`;
}

function byName<T>(
  host: ReadonlyMap<string, T> | undefined,
  own: readonly T[],
  name: (item: T) => string,
): ReadonlyMap<string, T> {
  return new Map([...(host ?? []), ...own.map((item) => [name(item), item] as const)]);
}
