export { CaptureFile } from './capture-file.js';
export { createNodeFabric } from './node-fabric.js';
export { openTap } from './tap-port.js';
export type { TapSystem } from './tap-system.js';
