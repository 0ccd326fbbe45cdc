export { disassemble } from './disassemble.js';
export type { CodeBits, Disassembled } from './disassemble.js';
