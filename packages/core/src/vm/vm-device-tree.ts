import type { DeviceTreeNode } from '../devicetree/device-tree.js';
import type { DeviceTreeContext } from '../vdev/vdev.js';
import type { VdevInstance } from './vdev-instance.js';

/** The nodes of all vdevs, in order of creation. */
export function vdevNodes(vdevs: readonly VdevInstance[], context: DeviceTreeContext): readonly DeviceTreeNode[] {
  return vdevs.flatMap((instance) => instance.run('deviceTree', (vdev) => vdev.deviceTree?.(context) ?? []));
}

/** Good enough to learn the names of nodes. */
const NAMES_ONLY: DeviceTreeContext = {
  interruptCells: () => [],
  reg: () => [],
  phandle: () => 0,
};

/** Path of the node of the first vdev that is a console. */
export function consolePath(vdevs: readonly VdevInstance[]): string | undefined {
  const console = vdevs.find(({ factory }) => factory.console === true);
  const node = console === undefined ? undefined : vdevNodes([console], NAMES_ONLY)[0];
  return node === undefined ? undefined : `/${node.name}`;
}
