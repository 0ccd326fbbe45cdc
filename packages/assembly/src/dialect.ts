import type { Cursor, InstructionSite } from './cursor.js';
import type { Section } from './section.js';
import type { SymbolTable } from './symbol-table.js';
import type { Token } from './token.js';

/** One pass over a source. @experimental */
export interface Pass {
  /** The bytes so far. */
  readonly section: Section;
  /** The labels and constants. */
  readonly symbols: SymbolTable;
  /** Whether the pass determines addresses only: later labels may not be known yet. */
  readonly laysOut: boolean;
  /** The place of the next byte. */
  readonly site: () => InstructionSite;
  /** Runs `work`, with errors at a line. */
  readonly at: (line: number, work: () => void) => void;
}

/** The state that directives act on. @experimental */
export interface DirectiveContext extends Pass {
  /** After the name of the directive. */
  readonly cursor: Cursor;
}

/** A directive. @experimental */
export type Directive = (context: DirectiveContext) => void;

/** The statement of a source line, after its labels. @experimental */
export interface Statement {
  /** From 1. */
  readonly line: number;
  /** Those of the line. */
  readonly tokens: readonly Token[];
  /** Number of the first token of the statement. */
  readonly start: number;
}

/** The part of an assembler that depends on the architecture; one for each source, since it may have state. @experimental */
export interface Dialect {
  /** Texts that begin a comment, besides slash-stars. */
  readonly comments: readonly string[];
  /** All directives by name. */
  readonly directives: Readonly<Record<string, Directive>>;
  /** Whether lengths of instructions depend on addresses: then layout is repeated until no label moves. */
  readonly relaxes: boolean;
  /** A cursor for directives. */
  readonly makeCursor: (tokens: readonly Token[], site: InstructionSite, start: number) => Cursor;
  /** Appends an instruction to the section. */
  readonly instruction: (statement: Statement, pass: Pass) => void;
  /** Called at the end of each pass. */
  readonly end?: (pass: Pass) => void;
}
