export { Ty, CodeBuffer } from './wasm/code-buffer.js';
export { ModuleWriter } from './wasm/module-writer.js';
export type { FunctionBody, Signature } from './wasm/module-writer.js';
export { IntOp, Op, Simd } from './wasm/opcodes.js';
export type { IntOpName, SimdName } from './wasm/opcodes.js';
export type { Reg, V } from './describe/value.js';
export { encodeFields, extractFields, parsePattern } from './describe/pattern.js';
export type { Field, FieldArguments, FieldNames, Pattern, RawFields, StaticNames } from './describe/pattern.js';
export { derived, int, register, rowMaker, small, target, wide } from './describe/row.js';
export type { Derived, Operand, OperandKind, Row, RowMaker, RowOptions } from './describe/row.js';
export { Decoder } from './describe/decoder.js';
export type { Decoded } from './describe/decoder.js';
export { Builder } from './builder/builder.js';
export type { AccessOptions } from './builder/builder.js';
export type { AtomicOp } from './builder/memory-opcodes.js';
export { Flow } from './builder/back-end.js';
export type { BackEnd, RegisterFile } from './builder/back-end.js';
export type { FlagModel } from './builder/flag-model.js';
export type { Helper } from './builder/helper.js';
export {
  AccessInfo,
  BOUNCE_BYTES,
  CODE_SLOT_BYTES,
  CODE_SLOT_REGIONS,
  EXACT_REGIONS,
  REGION_MINIMUM,
  EngineState,
  ExitReason,
  PAGE_BITS,
  RECORD_BYTES,
  TLB_ENTRIES,
  TlbEntry,
  TlbBank,
  PageDirectory,
  BlockMap,
} from './builder/layout.js';
export { LocalPool } from './builder/local-pool.js';
export { generateInterpreter, DECODE_HANDLER, PAGE_END_HANDLER, UNDEFINED_HANDLER } from './interpreter/interpreter.js';
export type { Handler, Interpreter, InterpreterDescription, RowHandlers } from './interpreter/interpreter.js';
export type { Slot } from './interpreter/handler-back-end.js';
export { fixedRegister } from './interpreter/operands.js';
export type { OperandInfo, StaticInfo } from './interpreter/operands.js';
export { WALK, Walked } from './interpreter/tlb-fill.js';
export { Predecoder } from './interpreter/predecoder.js';
export type { RecordMemory } from './interpreter/predecoder.js';
export { buildControlFlowGraph, isReducible } from './region/control-flow-graph.js';
export { regionText } from './region/region-text.js';
export type {
  Block,
  BlockEnd,
  ControlFlowGraph,
  DecodeAt,
  PredictAt,
  RegionInstruction,
  RegionLimits,
} from './region/control-flow-graph.js';
export { RegionTranslator } from './region/translate.js';
export type { RegionCode, RegionDescription } from './region/translate.js';
