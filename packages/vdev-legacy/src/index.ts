export { legacyVdevs, legacyVdevsPlugin } from './legacy-vdevs.js';
export { pl011 } from './pl011/index.js';
export { pl031 } from './pl031/index.js';
export { PRIMECELL_SIZE, primeCellNode, primeCellRegisters } from './primecell.js';
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
