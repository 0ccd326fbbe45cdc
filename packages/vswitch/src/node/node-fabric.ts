import { silentLogger } from '@qvm/core';
import type { CaptureOutputs } from '../capture/capture-output.js';
import { SwitchFabric, type SwitchFabricOptions } from '../fabric/switch-fabric.js';
import { CaptureFile } from './capture-file.js';
import { openTap } from './tap-port.js';

/**
 * A fabric for Node: with captures to files, and TAP devices if the host allows them.
 *
 * @param outputs - opens the files of captures.
 * @experimental
 */
export function createNodeFabric(outputs: CaptureOutputs, options: SwitchFabricOptions = {}): SwitchFabric {
  const logger = options.logger ?? silentLogger;
  return new SwitchFabric({
    openCapture: (path, device) => new CaptureFile(path, device, outputs, logger),
    openTap: (name) => openTap(name, logger),
    ...options,
  });
}
