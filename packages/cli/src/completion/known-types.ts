import type { OptionDeclarations } from '@qvm/core/options';

/** A vdev type and its options. */
interface VdevType {
  readonly type: string;
  readonly options: OptionDeclarations;
}

/** The built-in vdev types. */
export async function vdevTypes(): Promise<readonly VdevType[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const { lintFacts } = await import('@qvm/sdk');
  const hypervisor = await openHypervisor();
  const { vdev } = lintFacts(hypervisor);
  const types = hypervisor.vdevTypes.map(({ type }) => ({ type, options: vdev?.(type)?.options ?? {} }));
  await hypervisor.dispose();
  return types;
}

/** The names of the built-in boards. */
export async function boardNames(): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const names = hypervisor.boards.map(({ name }) => name);
  await hypervisor.dispose();
  return names;
}

/** The entries of images, of all architectures. */
export async function entryNames(): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const names = hypervisor.architectures.flatMap(({ entries }) => entries ?? []);
  await hypervisor.dispose();
  return [...new Set(names)];
}

/** Names of processor models; after a comma, features with their signs. */
export async function processorNames(value: string): Promise<readonly string[]> {
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const catalogues = hypervisor.architectures.flatMap(({ processors }) => processors ?? []);
  await hypervisor.dispose();
  const comma = value.lastIndexOf(',') + 1;
  if (comma === 0) return [...new Set(catalogues.flatMap(({ models }) => models.map(({ name }) => name)))];
  const features = new Set(catalogues.flatMap(({ features: known }) => Object.keys(known)));
  return [...features].flatMap((name) => [`${value.slice(0, comma)}+${name}`, `${value.slice(0, comma)}-${name}`]);
}
