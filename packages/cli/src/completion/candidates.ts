import type { ArchitectureSource } from '@qvm/core/architecture';
import { pathsFor } from './files.js';
import { boardNames, vdevTypes } from './known-types.js';
import type { LineFacts } from './line-facts.js';
import { withHostFor } from './quick-host.js';
import { vmsOfConfigs, vmsOfTraces } from './vms-of-files.js';
import { settingsFor } from './settings.js';
import type { Source } from './sources.js';

/**
 * The words of a source that begin with the typed text; empty if they cannot be determined.
 *
 * @param line - facts of the whole line.
 */
export async function candidatesOf(source: Source, typed: string, line: LineFacts): Promise<readonly string[]> {
  return (await wordsOf(source, typed, line)).filter((word) => word.startsWith(typed));
}

async function wordsOf(source: Source, typed: string, line: LineFacts): Promise<readonly string[]> {
  switch (source.kind) {
    case 'words':
      return source.words;
    case 'files':
      return pathsFor(typed, source.endings);
    case 'folders':
      return pathsFor(typed, []);
    case 'vms':
      return vmNames(line);
    case 'vmsOfConfigs':
      return [...(await vmsOfConfigs(line.files)), ...(await vmNames(line))];
    case 'vmsOfTrace':
      return vmsOfTraces(line.traces);
    case 'vmsOrFiles':
      return [...(await vmNames(line)), ...pathsFor(typed, source.endings)];
    case 'guests':
      return (await import('@qvm/guests')).guestCatalogue().map(({ name }) => name);
    case 'vdevTypes':
      return (await vdevTypes()).map(({ type }) => type);
    case 'boards':
      return boardNames();
    case 'architectures':
      return (await architectures()).map(({ name }) => name);
    case 'events':
      return eventWords();
    case 'settings':
      return settingsFor(typed, line);
    case 'nothing':
      return [];
  }
}

/** The names of the host's VMs. */
async function vmNames({ socket }: LineFacts): Promise<readonly string[]> {
  const vms = await withHostFor(socket, (host) => host.request('vm.list', {}));
  return (vms ?? []).map(({ name }) => name);
}

async function architectures(): Promise<readonly ArchitectureSource[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const found = [...hypervisor.architectures];
  await hypervisor.dispose();
  return found;
}

/** What `--event` of a trace can name. */
async function eventWords(): Promise<readonly string[]> {
  const { eventNames } = await import('@qvm/trace');
  const causes = (await architectures()).flatMap(({ hookKinds }) => Object.keys(hookKinds.guestExit));
  return [...eventNames(), ...new Set([...causes, 'schedule'])];
}
