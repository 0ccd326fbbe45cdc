import type { RegisterFile } from '@qvm/jit';
import { State } from './layout.js';

/** X0–X30; number 31 is the zero register. @experimental */
export const GPR: RegisterFile = {
  name: 'X',
  bits: 64,
  readOffset: (n) => (n === 31 ? State.zero : State.x + n * 8),
  writeOffset: (n) => (n === 31 ? State.trash : State.x + n * 8),
};

/** X0–X30; number 31 is the stack pointer. @experimental */
export const GPR_SP: RegisterFile = {
  name: 'Xsp',
  bits: 64,
  inPlace: true,
  readOffset: (n) => State.x + n * 8,
  writeOffset: (n) => State.x + n * 8,
};

/** V0–V31. @experimental */
export const VECTOR: RegisterFile = {
  name: 'V',
  bits: 128,
  inPlace: true,
  readOffset: (n) => State.v + n * 16,
  writeOffset: (n) => State.v + n * 16,
};
