import type { Architecture } from '@qvm/core/architecture';
import type { Option, OptionDeclarations } from '@qvm/core/options';
import type { Source } from './sources.js';
import { pathsFor } from './files.js';

/** Time-out for an answer of the host, in ms: completion must not make the user wait. */
const HOST_PATIENCE_MS = 1000;

/**
 * The words of a source that begin with the typed text; empty if they cannot be determined.
 *
 * @param socket - value of `--socket` on the command line.
 */
export async function candidatesOf(
  source: Source,
  typed: string,
  socket: string | undefined,
): Promise<readonly string[]> {
  return (await wordsOf(source, typed, socket)).filter((word) => word.startsWith(typed));
}

async function wordsOf(source: Source, typed: string, socket: string | undefined): Promise<readonly string[]> {
  switch (source.kind) {
    case 'words':
      return source.words;
    case 'files':
      return pathsFor(typed, source.endings);
    case 'folders':
      return pathsFor(typed, []);
    case 'vms':
      return vmNames(socket);
    case 'vmsOrFiles':
      return [...(await vmNames(socket)), ...pathsFor(typed, source.endings)];
    case 'guests':
      return (await import('@qvm/guests')).guestCatalogue().map(({ name }) => name);
    case 'vdevTypes':
      return (await vdevs()).map(({ type }) => type);
    case 'boards':
      return boardNames();
    case 'architectures':
      return (await architectures()).map(({ name }) => name);
    case 'events':
      return eventWords();
    case 'settings':
      return settingsFor(typed);
    case 'nothing':
      return [];
  }
}

/** The names of the host's VMs. */
async function vmNames(socket: string | undefined): Promise<readonly string[]> {
  const { findHost } = await import('../host/connect.js');
  const host = await findHost(socket === undefined ? {} : { socket }).catch(() => undefined);
  if (host === undefined) return [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<readonly { readonly name: string }[]>((resolve) => {
      timer = setTimeout(() => resolve([]), HOST_PATIENCE_MS);
    });
    return (await Promise.race([host.request('vm.list', {}), late])).map(({ name }) => name);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
    host.close();
  }
}

interface VdevType {
  readonly type: string;
  readonly options: OptionDeclarations;
}

async function vdevs(): Promise<readonly VdevType[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const { lintFacts } = await import('@qvm/sdk');
  const hypervisor = await openHypervisor();
  const { vdev } = lintFacts(hypervisor);
  const types = hypervisor.vdevTypes.map(({ type }) => ({ type, options: vdev?.(type)?.options ?? {} }));
  await hypervisor.dispose();
  return types;
}

async function boardNames(): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const names = hypervisor.boards.map(({ name }) => name);
  await hypervisor.dispose();
  return names;
}

async function architectures(): Promise<readonly Architecture[]> {
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

/** `KEY=`, `TYPE.OPTION=`, and after the `=` the values of the option. */
async function settingsFor(typed: string): Promise<readonly string[]> {
  const { SETTING_KEYS } = await import('../overrides.js');
  const { optionNamed } = await import('@qvm/config');
  const equals = typed.indexOf('=');
  const key = typed.slice(0, Math.max(equals, 0));
  const value = typed.slice(equals + 1);
  const types = await vdevs();
  if (equals < 0) {
    const options = types.flatMap(({ type, options: own }) => Object.keys(own).map((name) => `${type}.${name}=`));
    return [...SETTING_KEYS.map((name) => `${name}=`), ...options];
  }
  const [type, name] = key.split('.', 2);
  const declared = types.find((known) => known.type === type)?.options;
  const option = declared && optionNamed(declared, name ?? '')?.option;
  return (await valuesFor(key, option, value)).map((word) => `${key}=${word}`);
}

async function valuesFor(key: string, option: Option | undefined, value: string): Promise<readonly string[]> {
  if (key === 'board') return boardNames();
  if (['image', 'initrd', 'dtb'].includes(key) || option?.kind.path === true) return pathsFor(value, undefined);
  if (option?.kind.character === true) return characterBackends();
  return option?.kind.words ?? [];
}

/** Values of `hostdev`; with a colon if an argument follows. */
async function characterBackends(): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const words = hypervisor.characterBackends.map(({ scheme, argument }) =>
    argument === undefined ? scheme : `${scheme}:`,
  );
  await hypervisor.dispose();
  return ['stdio', 'stream:', ...words];
}
