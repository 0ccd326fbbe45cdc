import { AssemblyError, Mismatch } from './assembly-error.js';
import type { InstructionSite } from './cursor.js';
import type { Dialect, Pass, Statement } from './dialect.js';
import { Section } from './section.js';
import { SymbolTable } from './symbol-table.js';
import { tokenize } from './token.js';
import type { Token } from './token.js';

/**
 * Options of an assembler.
 *
 * @experimental
 */
export interface AssembleOptions {
  /** Address of the first byte. Default 0. */
  readonly origin?: number | bigint;
  /** Names that the source may use without defining them. */
  readonly symbols?: Readonly<Record<string, bigint>>;
}

/**
 * A flat image.
 *
 * @experimental
 */
export interface Assembled {
  /** Address of the first byte. */
  readonly origin: bigint;
  /** The code. */
  readonly bytes: Uint8Array;
  /** Addresses of the named labels. */
  readonly labels: ReadonlyMap<string, bigint>;
}

/** Layouts after which the source is refused; instructions only grow, so a few are enough. */
const MOST_LAYOUTS = 100;

/**
 * Assembles a source: passes that determine the addresses of labels, then one that writes bytes.
 *
 * @throws AssemblyError with line and column.
 * @experimental
 */
export function assembleSource(source: string, options: AssembleOptions, dialect: Dialect): Assembled {
  const { origin = 0n, symbols = {} } = options;
  return new Program(source, BigInt(origin), symbols, dialect).assemble();
}

class Program {
  readonly #symbols: SymbolTable;
  readonly #lines: readonly (readonly Token[])[];

  constructor(
    source: string,
    private readonly origin: bigint,
    predefined: Readonly<Record<string, bigint>>,
    private readonly dialect: Dialect,
  ) {
    this.#symbols = new SymbolTable(predefined);
    this.#lines = withoutBlockComments(source)
      .split('\n')
      .map((text, i) => tokenize(text, i + 1, dialect.comments));
  }

  assemble(): Assembled {
    this.#layOut();
    const bytes = this.#pass(false).bytes();
    return { origin: this.origin, bytes, labels: this.#symbols.labels };
  }

  #layOut(): void {
    for (let i = 0; i < MOST_LAYOUTS; i++) {
      this.#pass(true);
      if (!this.dialect.relaxes || (i > 0 && this.#symbols.isStable)) return;
    }
    throw new AssemblyError('addresses depend on each other without end', 1, 1);
  }

  #pass(laysOut: boolean): Section {
    const section = new Section(this.origin);
    this.#symbols.begin();
    const site = (): InstructionSite => this.#site(section.address, laysOut);
    const pass: Pass = { section, symbols: this.#symbols, laysOut, site, at: locate };
    this.#lines.forEach((tokens, i) => {
      locate(i + 1, () => this.#statement(this.#labels(tokens, i + 1, section), pass));
    });
    this.dialect.end?.(pass);
    return section;
  }

  /** Removes and defines the labels of a line. */
  #labels(tokens: readonly Token[], line: number, section: Section): Statement {
    let start = 0;
    for (;;) {
      const [name, colon] = [tokens[start] as Token, tokens[start + 1]];
      if (colon?.kind !== 'punctuation' || colon.text !== ':' || (name.kind !== 'name' && name.kind !== 'number'))
        break;
      if (!this.#symbols.label(name, section.address))
        throw new AssemblyError(`${name.text} is defined twice`, line, name.column + 1);
      start += 2;
    }
    return { line, tokens, start };
  }

  #statement(statement: Statement, pass: Pass): void {
    const { tokens, start } = statement;
    const first = tokens[start] as Token;
    if (first.kind === 'end') return;
    const directive = this.dialect.directives[first.text.toLowerCase()];
    if (directive) directive({ ...pass, cursor: this.dialect.makeCursor(tokens, pass.site(), start + 1) });
    else this.dialect.instruction(statement, pass);
  }

  /** In a layout that is repeated, labels that are not known yet are assumed to be here. */
  #site(pc: bigint, laysOut: boolean): InstructionSite {
    const unknown = laysOut && this.dialect.relaxes ? pc : undefined;
    return {
      pc,
      symbol: (name) => this.#symbols.value(name) ?? unknown,
      local: (reference) => this.#symbols.local(reference) ?? unknown,
    };
  }
}

/** Replaces block comments by blanks, so that lines and columns do not change. */
function withoutBlockComments(source: string): string {
  return source.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
}

/** Converts a mismatch to an error with its line. */
function locate(line: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof Mismatch) throw new AssemblyError(`expected ${error.expected}`, line, error.column + 1);
    throw error;
  }
}
