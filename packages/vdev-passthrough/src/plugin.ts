import { provide, VDEV_FACTORY } from '@qvm/core';
import { HOST_DEVICE, HOST_DEVICE_REGISTRY } from '@qvm/core/services';
import type { QvmPlugin } from '@qvm/core';
import { copyEngine } from './copy-engine/copy-engine.js';
import { passthrough } from './passthrough/passthrough.js';
import { DEVICE_LEDGER, LocalDeviceLedger } from './registry/device-ledger.js';
import { LocalHostDevices } from './registry/local-host-devices.js';

/**
 * Pass-through for a host that composes plugins: the vdev, the registry of its process, and the copy engine. Other
 * devices are provided by plugins under `HOST_DEVICE`.
 *
 * @experimental
 */
export const passthroughPlugin: QvmPlugin = {
  name: '@qvm/vdev-passthrough',
  apiVersion: 1,
  provides: [
    provide({ token: VDEV_FACTORY, scope: 'host', multi: true, factory: () => passthrough }),
    provide({ token: HOST_DEVICE, scope: 'host', multi: true, factory: () => copyEngine }),
    provide({ token: DEVICE_LEDGER, scope: 'host', factory: () => new LocalDeviceLedger() }),
    provide({
      token: HOST_DEVICE_REGISTRY,
      scope: 'host',
      factory: (resolver) => new LocalHostDevices(resolver.getAll(HOST_DEVICE), resolver.get(DEVICE_LEDGER)),
    }),
  ],
};
