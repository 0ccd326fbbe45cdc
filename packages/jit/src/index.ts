export { Ty, CodeBuffer } from './wasm/code-buffer.js';
export { ModuleWriter } from './wasm/module-writer.js';
export { withoutBodies } from './wasm/without-bodies.js';
export type { FunctionBody, Signature } from './wasm/module-writer.js';
export { IntOp, Op, Simd } from './wasm/opcodes.js';
export type { IntOpName, OpName, SimdName } from './wasm/opcodes.js';
export type { Reg, V } from './describe/value.js';
export { encodeFields, extractFields, parsePattern } from './describe/pattern.js';
export type { Field, FieldArguments, FieldNames, Pattern, RawFields, StaticNames } from './describe/pattern.js';
export { byte, derived, int, place, register, rowMaker, small, target, wide } from './describe/row.js';
export type { Derived, Operand, OperandKind, PatternRow, Row, RowMaker, RowOptions } from './describe/row.js';
export type { Decoded, InstructionDecoder } from './describe/decoder.js';
export { WordDecoder } from './describe/word-decoder.js';
export { Builder } from './builder/builder.js';
export { ENGINE_CALL } from './builder/engine-call.js';
export type { BuilderClass } from './builder/builder.js';
export type { AccessOptions } from './builder/memory-builder.js';
export type { AtomicOp } from './builder/memory-opcodes.js';
export { Flow } from './builder/back-end.js';
export type { BackEnd, LazyOperands } from './builder/back-end.js';
export type { RegisterBits, RegisterFile } from './builder/register-file.js';
export { MOST_FLAGS, truthTable } from './builder/flag-model.js';
export type { DynamicFlags, FlagModel } from './builder/flag-model.js';
export type { Helper } from './builder/helper.js';
export { HelperModule } from './builder/helper-module.js';
export { cryptoHelpers } from './helpers/crypto.js';
export type { HelperSignature } from './builder/helper-module.js';
export {
  AccessInfo,
  BOUNCE_BYTES,
  CODE_SLOT_BYTES,
  EXACT_REGIONS,
  REGION_MINIMUM,
  EngineState,
  ExitReason,
  LINK_BYTES,
  PAGE_BITS,
  RECORD_BYTES,
  TLB_ENTRIES,
  TlbEntry,
  TlbBank,
  PageDirectory,
  BlockMap,
  RamWindow,
} from './builder/layout.js';
export type { RamLocals } from './builder/ram-lookup.js';
export { emitOutsideRam, emitRamOffset } from './builder/ram-lookup.js';
export { LocalPool } from './builder/local-pool.js';
export { BuiltIn } from './records/built-in.js';
export { hasFixedLength, isCanonicalHigh } from './records/instruction-geometry.js';
export type { InstructionGeometry } from './records/instruction-geometry.js';
export { recordPlanOf } from './records/plan-of.js';
export { RecordPlan, STRADDLES } from './records/record-plan.js';
export type { CodePage, RecordMemory, RecordWriter } from './records/record-plan.js';
export { generateInterpreter } from './interpreter/interpreter.js';
export { madeInterpreter } from './interpreter/made-interpreter.js';
export type { Handler, Interpreter, InterpreterDescription, RowHandlers } from './interpreter/description.js';
export type { RecordField } from './interpreter/record-fields.js';
export { fixedRegister } from './interpreter/operands.js';
export type { OperandInfo, StaticInfo } from './interpreter/operands.js';
export { FillAccess, WALK, Walked } from './interpreter/tlb-fill.js';
export { Predecoder } from './interpreter/predecoder.js';
export { buildControlFlowGraph } from './region/control-flow-graph.js';
export { regionText } from './region/region-text.js';
export type { Block, BlockEnd, ControlFlowGraph } from './region/control-flow-graph.js';
export type { DecodeAt, PredictAt, RegionLimits } from './region/discovery.js';
export type { RegionInstruction } from './region/region-instruction.js';
export { RegionTranslator } from './region/translate.js';
export { TRANSLATOR_VERSION } from './region/translator-version.js';
export type { RegionDescription } from './region/description.js';
export type { RegionCode, TranslatedModule } from './region/translate.js';
