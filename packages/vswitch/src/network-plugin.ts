import { provide, type QvmPlugin, type Resolver } from '@qvm/core';
import { NETWORK_FABRIC, type NetworkFabric } from '@qvm/core/services';

/**
 * Provides the networks of a fabric to all VMs of a hypervisor.
 *
 * @param fabric - a fabric, or a function that makes one when the first VM needs it.
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
