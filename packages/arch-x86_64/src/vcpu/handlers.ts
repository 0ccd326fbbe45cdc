import type { SystemOperation } from '@qvm/isa-x86_64';
import type { Outcome } from './outcome.js';

/** Executes instructions, by operation. @experimental */
export type Handlers = Partial<Record<SystemOperation, () => Outcome>>;
