export { A64 } from './builder/a64.js';
export { FlagKind, nzcvModel } from './builder/flags.js';
export { A64_GEOMETRY } from './builder/geometry.js';
export { Exit, State, WalkHalf } from './builder/layout.js';
export { SOFTFLOAT_MODULE, softfloatHelpers } from './builder/softfloat-helpers.js';
export { vectorHelpers } from './builder/vector-helpers.js';
export { bitMaskImmediate } from './instructions/data-processing-immediate.js';
export { dataProcessingRegisterRows } from './instructions/data-processing-register.js';
export { type A64TableName, a64Rows, a64Tables } from './instructions/index.js';
export { loadStoreRows } from './instructions/loads-stores.js';
export { notImplemented } from './instructions/not-implemented.js';
export type { A64Row } from './instructions/row.js';
export { CTR_EL0, DCZID_BLOCK } from './registers/cache-identification.js';
export {
  BREAKPOINTS,
  SYSTEM_REGISTERS,
  EVENT_COUNTERS,
  WATCHPOINTS,
  registerAt,
  registerNamed,
  systemEncoding,
} from './registers/register-table.js';
export type { SystemRegister } from './registers/register-table.js';
export { A64_VERSION } from './version.js';
