import type { Flow } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import type { Helper } from '../builder/helper.js';
import type { Row } from '../describe/row.js';
import type { InstructionGeometry } from '../records/instruction-geometry.js';
import type { RecordPlan } from '../records/record-plan.js';
import type { RegionDescription } from '../region/description.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import type { FunctionBody } from '../wasm/module-writer.js';
import type { OperandInfo, StaticInfo } from './operands.js';
import type { RecordField } from './record-fields.js';

/**
 * The description of an instruction set that an interpreter is generated from.
 *
 * @experimental
 */
export interface InterpreterDescription<B extends Builder> extends RegionDescription<B> {
  /** The rows of the instruction tables. */
  readonly rows: readonly Row<B>[];
  /** Unit and lengths of the instructions. */
  readonly geometry: InstructionGeometry;
  /** Imported functions that semantics call. */
  readonly helpers: readonly Helper[];
  /** Whether no plain access has to be aligned, whatever the state of the vCPU. Default: the system decides. */
  readonly anyAlignment?: boolean;
  /**
   * Number of the mode whose instructions these are, for an architecture with several: 0 (the default) to
   * `PageDirectory.modes − 1`.
   */
  readonly mode?: number;
  /**
   * Whether a row is rarely executed with these static choices. Such handlers are in functions of their own, which costs a
   * call for each instruction; all others run faster, because V8 compiles functions of hundreds of kilobytes badly.
   * Default: all handlers are in one function.
   */
  readonly isRare?: (row: Row<B>, statics: Readonly<Record<string, number>>) => boolean;
  /** The body of {@link WALK}; without it only the engine fills the TLB. */
  readonly walk?: (code: CodeBuffer) => FunctionBody;
}

/**
 * One generated handler.
 *
 * @experimental
 */
export interface Handler<B> {
  /** The instruction. */
  readonly row: Row<B>;
  /** Its static choices, by name: one object for all instructions of the handler. */
  readonly statics: Readonly<Record<string, number>>;
  /** The fields of its records. */
  readonly fields: readonly RecordField[];
  /** How the instruction transfers control. */
  readonly flow: Flow;
}

/**
 * The handlers of a row: `index[static combination * REACHES + reach]` is a handler number, or −1 if not allocated.
 *
 * @experimental
 */
export interface RowHandlers {
  /** Its static choices: the handler number depends on their values. */
  readonly statics: readonly StaticInfo[];
  /** Its operands, in the order of the record's fields. */
  readonly operands: readonly OperandInfo[];
  /** The operand with the distance of a direct branch. */
  readonly target: OperandInfo | undefined;
  /** The operand whose value depends on the place of the instruction: `target`, or one of kind `place`. */
  readonly placed: OperandInfo | undefined;
  /** Handler numbers; −1 for combinations that are not allocated. */
  readonly index: Int32Array;
}

/**
 * A generated interpreter: its module, and the handlers and fields for which the pre-decoder writes records.
 *
 * @experimental
 */
export interface Interpreter<B> {
  /** The module in the binary format. */
  readonly bytes: Uint8Array;
  /** The layout of its records. */
  readonly plan: RecordPlan;
  /** The handlers, by number. */
  readonly handlers: readonly Handler<B>[];
  /** Handlers of each row. */
  readonly rows: ReadonlyMap<Row<B>, RowHandlers>;
}
