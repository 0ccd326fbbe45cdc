import type { Option } from '@qvm/core/options';
import { pathsFor } from './files.js';
import { boardNames, entryNames, processorNames, vdevTypes } from './known-types.js';
import type { LineFacts } from './line-facts.js';
import { peers } from './peers.js';

/** Keys whose values are files. */
const FILE_KEYS = ['image', 'initrd', 'dtb'];
/** Names of kinds whose values are completed here, and which have nothing else to know them by. */
const PEER = 'peer';
const PORT = 'NAME:HOSTDEV';
/** The argument of character back ends that is a path. */
const PATH = 'PATH';

/** `KEY=`, `TYPE.OPTION=`, and after the `=` the values of the option. */
export async function settingsFor(typed: string, line: LineFacts): Promise<readonly string[]> {
  const { SETTING_KEYS } = await import('../overrides.js');
  const { optionNamed } = await import('@qvm/core/options');
  const equals = typed.indexOf('=');
  const key = typed.slice(0, Math.max(equals, 0));
  const value = typed.slice(equals + 1);
  const types = await vdevTypes();
  if (equals < 0) {
    const options = types.flatMap(({ type, options: own }) => Object.keys(own).map((name) => `${type}.${name}=`));
    return [...SETTING_KEYS.map((name) => `${name}=`), ...options];
  }
  const [type, name] = key.split('.', 2);
  const declared = types.find((known) => known.type === type)?.options;
  const option = declared && optionNamed(declared, name ?? '')?.option;
  return (await valuesFor(key, option, value, line)).map((word) => `${key}=${word}`);
}

async function valuesFor(
  key: string,
  option: Option | undefined,
  value: string,
  line: LineFacts,
): Promise<readonly string[]> {
  if (key === 'board') return boardNames();
  if (key === 'entry') return entryNames();
  if (key === 'cpumodel') return processorNames(value);
  if (FILE_KEYS.includes(key) || option?.kind.path === true) return pathsFor(value, undefined);
  if (option?.kind.character === true) return designators(value);
  if (option?.kind.name === PEER) return peers(line);
  if (option?.kind.name === PORT) return portsFor(value);
  return option?.kind.words ?? [];
}

/** Designators of character back ends; with a colon if an argument follows, and paths where that is one. */
async function designators(value: string): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const backends = [...hypervisor.characterBackends];
  await hypervisor.dispose();
  const words = backends.map(({ scheme, argument }) => (argument === undefined ? scheme : `${scheme}:`));
  const paths = backends
    .filter(({ scheme, argument }) => argument === PATH && value.startsWith(`${scheme}:`))
    .flatMap(({ scheme }) => pathsFor(value.slice(scheme.length + 1), undefined).map((path) => `${scheme}:${path}`));
  return ['stdio', 'stream:', ...words.filter((word) => paths.length === 0 || word !== value), ...paths];
}

/** The name of a port is free; a designator follows. */
async function portsFor(value: string): Promise<readonly string[]> {
  const colon = value.indexOf(':') + 1;
  if (colon === 0) return [];
  return (await designators(value.slice(colon))).map((word) => value.slice(0, colon) + word);
}
