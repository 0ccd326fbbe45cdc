// A plugin: makes the doorbell of a shared region a key, for guests without a driver for qvm,shmem. Linux has gpio-keys, whose keys may be
// interrupts (Documentation/devicetree/bindings/input/gpio-keys.yaml); a program reads them at /dev/input.
import { putChild } from '@qvm/core/architecture';

const REGION = /^shared-memory@/;
const KEY_PROG1 = 148;

export const plugin = {
  name: 'doorbell-key',
  apiVersion: 1,
  provides: [],
  apply(vm) {
    vm.hooks.deviceTree.tap({ name: 'doorbell-key' }, (tree) => {
      const region = tree.children?.find(({ name }) => REGION.test(name));
      const cells = region?.properties?.interrupts?.cells;
      if (cells === undefined) return tree;
      const [type, number] = cells;
      // Rising edge: gpio-keys does not know how to take the level down.
      const key = {
        name: 'doorbell',
        properties: {
          label: 'doorbell',
          'linux,code': { cells: [KEY_PROG1] },
          interrupts: { cells: [type, number, 1] },
        },
      };
      const properties = { compatible: 'gpio-keys', label: 'doorbell-key' };
      return putChild(tree, '/', { name: 'doorbell-key', properties, children: [key] });
    });
  },
};
