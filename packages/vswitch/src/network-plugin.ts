import { provide, type QvmPlugin, type Resolver } from '@qvm/core';
import { NETWORK_FABRIC, type NetworkFabric } from '@qvm/core/services';

/**
 * Gives all VMs of a hypervisor the networks of a fabric.
 *
 * @param fabric - a fabric, or how to make one when the first VM asks for it.
 * @experimental
 */
export function networkPlugin(fabric: NetworkFabric | ((resolver: Resolver) => NetworkFabric)): QvmPlugin {
  return {
    name: '@qvm/vswitch',
    apiVersion: 1,
    provides: [
      provide({
        token: NETWORK_FABRIC,
        scope: 'host',
        factory: (resolver) => (typeof fabric === 'function' ? fabric(resolver) : fabric),
      }),
    ],
  };
}
