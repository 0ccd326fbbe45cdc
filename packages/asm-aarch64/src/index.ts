export { assemble } from './assemble.js';
export type { Assembled, AssembleOptions } from './assemble.js';
export { AssemblyError } from '@qvm/assembly';
export { disassemble } from './disassemble.js';
