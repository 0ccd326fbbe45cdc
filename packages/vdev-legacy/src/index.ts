export { legacyVdevs, legacyVdevsPlugin } from './legacy-vdevs.js';
export { fwCfg } from './fw-cfg/index.js';
export { pl011 } from './pl011/index.js';
export { pl031 } from './pl031/index.js';
export { pl061 } from './pl061/index.js';
export { pl050, ps2 } from './ps2/index.js';
export { qcarUart } from './qcar-uart/index.js';
export { sp805, wdtSp805 } from './wdt-sp805/index.js';
export { PRIMECELL_SIZE, primeCellNode, primeCellRegisters } from './primecell.js';
export { ramfb } from './ramfb/index.js';
export { RegisterBlock } from './register-block.js';
export type { RegisterValues } from './register-block.js';
export { isStored, registerMask, registersToMarkdown } from './register-layout.js';
export type { RegisterLayout, RegisterSpec } from './register-layout.js';
export {
  requireBoolean,
  requireObject,
  requireUnsigned,
  requireUnsignedArray,
  requireVersion,
  VdevStateError,
} from './vdev-state.js';
