export { isStored, registerMask, registersToMarkdown } from '@qvm/core';
export type { RegisterLayout, RegisterSpec } from '@qvm/core';
