import { createHypervisorOn, type Hypervisor, type HypervisorOptions } from './hypervisor.js';
import { bareHost, type HypervisorHost } from './host/hypervisor-host.js';

export * from './portable.js';

/**
 * Makes a hypervisor without a platform: no files, no packages, in-process consoles only.
 *
 * @param host - the services of the platform.
 * @experimental
 */
export function createHypervisor(options: HypervisorOptions = {}, host: HypervisorHost = bareHost): Hypervisor {
  return createHypervisorOn(host, options);
}
