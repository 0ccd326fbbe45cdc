export { AssemblyError } from '@qvm/assembly';
export type { Assembled } from '@qvm/assembly';
export { assemble } from './assemble.js';
export type { AssembleOptions } from './assemble.js';
export { disassemble } from './disassemble.js';
export type { CodeBits, Disassembled } from './disassemble.js';
