import { createHypervisorOn, type Hypervisor, type HypervisorOptions } from './hypervisor.js';
import { bareHost, type HypervisorHost } from './host/hypervisor-host.js';

export * from './portable.js';

/**
 * Makes a hypervisor without a platform: no files, no packages, consoles in process only.
 *
 * @param host - what the platform has.
 * @experimental
 */
export function createHypervisor(options: HypervisorOptions = {}, host: HypervisorHost = bareHost): Hypervisor {
  return createHypervisorOn(host, options);
}
