export { Exit, SystemInfo, SystemOperation, Vector, WITH_ERROR_CODE } from './builder/exits.js';
export { Gpr, Segment, SegmentRegister, Shadow, State } from './builder/layout.js';
