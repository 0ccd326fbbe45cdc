export { Exit, SystemInfo, SystemOperation, Vector, WITH_ERROR_CODE } from './builder/exits.js';
export { Condition, FlagKind, PackedFlag, flagKind, x86Flags } from './builder/flags.js';
export { Gpr, Segment, SegmentRegister, Shadow, State } from './builder/layout.js';
export { AddressRegister } from './builder/register-files.js';
export {
  SOFTFLOAT_X86_MODULE,
  instantiateSoftfloatX86Helpers,
  softfloatX86Helpers,
} from './builder/softfloat-helpers.js';
export { X86 } from './builder/x86.js';
export { X86Decoder } from './decode/decoder.js';
export { LONG_MODE } from './decode/mode.js';
export type { DecoderMode } from './decode/mode.js';
export { LONGEST } from './decode/parser.js';
export type { Encoding } from './describe/encoding.js';
export type { Form, Operand } from './describe/operand.js';
export type { InstructionInfo, RowOptions, X86Row } from './describe/row.js';
export { rowsWith, x86Rows, x86Tables } from './instructions/index.js';
