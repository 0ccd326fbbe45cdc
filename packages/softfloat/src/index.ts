export {
  SOFTFLOAT_SIGNATURES,
  SOFTFLOAT_X86_SIGNATURES,
  instantiateSoftfloat,
  instantiateSoftfloatX86,
  softfloatModule,
  softfloatX86Module,
} from './module.js';
export type {
  SoftfloatExports,
  SoftfloatName,
  SoftfloatSignature,
  SoftfloatX86Exports,
  SoftfloatX86Name,
  WasmType,
} from './module.js';
