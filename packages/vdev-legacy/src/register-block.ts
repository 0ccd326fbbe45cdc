export { RegisterBlock } from '@qvm/core';
export type { RegisterValues } from '@qvm/core';
