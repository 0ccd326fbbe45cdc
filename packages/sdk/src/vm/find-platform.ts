import { ConfigError, findingAt, sourceOf, type VmSpec } from '@qvm/config';
import { nearestName } from '@qvm/core/options';
import { BOARD } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import { chooseProcessor } from '@qvm/core/architecture';
import type { Architecture, ArchitectureFacts, ArchitectureSource, Processor } from '@qvm/core/architecture';
import type { Board } from '@qvm/core/board';
import type { Container } from 'inversify';
import { resolverOf } from '../container/plugin-module.js';
import { boardKey, type Registries } from '../container/registries.js';

/** The architecture and the board of a VM. */
export interface Platform {
  readonly architecture: Architecture;
  readonly board: Board;
  /** Absent: the default model of the architecture. */
  readonly processor?: Processor;
}

/**
 * The architecture, loaded, and the board.
 *
 * @returns `undefined` when the board's package could not be used, which has been reported already.
 * @throws ConfigError `config.unknown-arch`, `config.unknown-board`, `config.cpumodel`, `config.entry`
 */
export async function findPlatform(
  spec: VmSpec,
  registries: Registries,
  packages: ReadonlyMap<string, QvmPlugin>,
  container: Container,
): Promise<Platform | undefined> {
  const source = findArchitecture(spec, registries);
  const board = findBoard(spec, source, registries, packages, container);
  const processor = findProcessor(spec, source);
  checkEntry(spec, source);
  return board && { architecture: await source.load(), board, ...(processor === undefined ? {} : { processor }) };
}

function checkEntry({ entry, source }: VmSpec, { name, entries = [] }: ArchitectureFacts): void {
  if (entry === undefined || entries.includes(entry)) return;
  const message =
    entries.length === 0
      ? `images of ${name} guests have no entry to choose`
      : `images of ${name} guests have no entry ${JSON.stringify(entry)}`;
  const nearest = nearestName(entry, entries);
  const there = entries.length === 0 ? undefined : `there are ${entries.join(', ')}`;
  const hint = nearest === undefined ? there : `did you mean "${nearest}"?`;
  throw new ConfigError([findingAt(sourceOf(source, 'entry'), 'error', 'config.entry', message, hint)]);
}

function findProcessor({ cpumodel, source }: VmSpec, { name, processors }: ArchitectureFacts): Processor | undefined {
  if (cpumodel === undefined) return undefined;
  const at = sourceOf(source, 'cpumodel');
  if (processors === undefined)
    throw new ConfigError([findingAt(at, 'error', 'config.cpumodel', `${name} guests have no processor models`)]);
  const chosen = chooseProcessor(cpumodel, processors);
  if ('processor' in chosen) return chosen.processor;
  throw new ConfigError(
    chosen.problems.map(({ message, hint }) => findingAt(at, 'error', 'config.cpumodel', message, hint)),
  );
}

function findArchitecture(spec: VmSpec, { architectures }: Registries): ArchitectureSource {
  const found = architectures.get(spec.arch);
  if (found !== undefined) return found;
  const known = [...architectures.keys()];
  const nearest = nearestName(spec.arch, known);
  const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  const message = `this qvm runs no ${spec.arch} guests yet`;
  throw new ConfigError([findingAt(sourceOf(spec.source, 'arch'), 'error', 'config.unknown-arch', message, hint)]);
}

/**
 * The board of a VM: the one that its specification names, by name or as the only board of a package; otherwise that
 * of its architecture.
 */
function findBoard(
  spec: VmSpec,
  architecture: ArchitectureFacts,
  { boards }: Registries,
  packages: ReadonlyMap<string, QvmPlugin>,
  container: Container,
): Board | undefined {
  const { name: arch, defaultBoard } = architecture;
  const { board: name = defaultBoard } = spec;
  const found = boards.get(boardKey(arch, name)) ?? onlyBoard(packages.get(name), arch, container);
  if (found !== undefined) return found;
  if (name.includes('/') && !packages.has(name)) return undefined;
  const known = [...boards.values()].filter((board) => board.architecture === arch).map((board) => board.name);
  const nearest = nearestName(name, known);
  const there = known.length === 0 ? 'there is none' : `there are ${known.sort().join(', ')}`;
  const hint = nearest === undefined ? there : `did you mean "${nearest}"?`;
  const message = `there is no board ${JSON.stringify(name)} for ${arch} guests`;
  throw new ConfigError([findingAt(sourceOf(spec.source, 'board'), 'error', 'config.unknown-board', message, hint)]);
}

function onlyBoard(plugin: QvmPlugin | undefined, arch: string, container: Container): Board | undefined {
  const own = plugin?.provides.filter(({ token }) => token.key === BOARD.key) ?? [];
  // The token's key stands for its type.
  const boards = own.map(({ factory }) => factory(resolverOf(container)) as Board);
  const fitting = boards.filter(({ architecture }) => architecture === arch);
  return fitting.length === 1 ? fitting[0] : undefined;
}
