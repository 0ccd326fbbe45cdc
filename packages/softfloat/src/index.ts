export { SOFTFLOAT_SIGNATURES, instantiateSoftfloat, softfloatModule } from './module.js';
export type { SoftfloatExports, SoftfloatName, SoftfloatSignature, WasmType } from './module.js';
