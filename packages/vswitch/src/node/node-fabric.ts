import { silentLogger } from '@qvm/core';
import { SwitchFabric, type SwitchFabricOptions } from '../fabric/switch-fabric.js';
import { CaptureFile } from './capture-file.js';
import { openTap } from './tap-port.js';

/**
 * A fabric with what Node has: captures into files, and TAP devices where the host allows them.
 *
 * @experimental
 */
export function createNodeFabric(options: SwitchFabricOptions = {}): SwitchFabric {
  const logger = options.logger ?? silentLogger;
  return new SwitchFabric({
    openCapture: (path, device) => new CaptureFile(path, device, logger),
    openTap: (name) => openTap(name, logger),
    ...options,
  });
}
