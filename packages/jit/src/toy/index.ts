export {
  TOY_CONDITIONS,
  TOY_GEOMETRY,
  TOY_LEAVE,
  TOY_REGISTERS,
  TOY_REGISTER_COUNT,
  ToyDecoder,
  ToyFlag,
  toyFlags,
  toyLength,
  toyRows,
} from './toy-isa.js';
export { FlatToyMemory, TOY_CODE, TOY_CODE_BYTES, TOY_DATA, TOY_DATA_BYTES, ToyReference } from './toy-reference.js';
export type { ToyEnd, ToyMemory } from './toy-reference.js';
export { randomToyCode } from './toy-program.js';
export type { RandomSource } from './toy-program.js';
