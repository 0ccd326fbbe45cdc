export { assemble } from './assemble.js';
export type { Assembled, AssembleOptions } from './assemble.js';
export { AssemblyError } from './assembly-error.js';
export { disassemble } from './disassemble.js';
