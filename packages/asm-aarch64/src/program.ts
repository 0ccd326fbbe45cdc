import { AssemblyError, Mismatch } from './assembly-error.js';
import { Cursor } from './cursor.js';
import type { InstructionSite } from './cursor.js';
import { DIRECTIVES } from './directives.js';
import { encodeInstruction } from './encode-instruction.js';
import { LiteralPool, pooledLoad } from './literal-pool.js';
import { Section } from './section.js';
import { SymbolTable } from './symbol-table.js';
import { tokenize } from './token.js';
import type { Token } from './token.js';

/** The statement of a source line, after its labels. */
interface Statement {
  readonly line: number;
  readonly tokens: readonly Token[];
  readonly start: number;
}

/**
 * Assembles a source in two passes over its statements: the first determines the addresses of labels and constants,
 * the second writes bytes.
 */
export class Program {
  readonly symbols: SymbolTable;
  readonly #lines: readonly (readonly Token[])[];
  readonly #pool = new LiteralPool();

  constructor(
    source: string,
    readonly origin: bigint,
    predefined: Readonly<Record<string, bigint>>,
  ) {
    this.symbols = new SymbolTable(predefined);
    this.#lines = withoutBlockComments(source)
      .split('\n')
      .map((text, i) => tokenize(text, i + 1));
  }

  /** @throws AssemblyError */
  assemble(): Uint8Array {
    this.#pass(true);
    return this.#pass(false).bytes();
  }

  #pass(laysOut: boolean): Section {
    const section = new Section(this.origin);
    this.#lines.forEach((tokens, i) => {
      locate(i + 1, () => this.#statement(this.#labels(tokens, i + 1, section, laysOut), section, laysOut));
    });
    this.#placeLiterals(section, laysOut);
    return section;
  }

  /** Removes and defines the labels of a line. */
  #labels(tokens: readonly Token[], line: number, section: Section, laysOut: boolean): Statement {
    let start = 0;
    for (;;) {
      const [name, colon] = [tokens[start] as Token, tokens[start + 1]];
      if (colon?.kind !== 'punctuation' || colon.text !== ':' || (name.kind !== 'name' && name.kind !== 'number'))
        break;
      if (laysOut && !this.symbols.label(name, section.address))
        throw new AssemblyError(`${name.text} is defined twice`, line, name.column + 1);
      start += 2;
    }
    return { line, tokens, start };
  }

  #statement({ line, tokens, start }: Statement, section: Section, laysOut: boolean): void {
    const first = tokens[start] as Token;
    if (first.kind === 'end') return;
    const site = this.#site(section.address);
    const directive = DIRECTIVES[first.text.toLowerCase()];
    if (directive) {
      const placeLiterals = (): void => this.#placeLiterals(section, laysOut);
      return directive({
        cursor: new Cursor(tokens, site, start + 1),
        section,
        symbols: this.symbols,
        laysOut,
        placeLiterals,
      });
    }
    const load = pooledLoad(tokens, start);
    if (load) this.#pool.add(load, line);
    if (laysOut) return section.instruction(0);
    section.instruction(load ? this.#pool.encode(load, line, section.address) : encodeInstruction(tokens, start, site));
  }

  #placeLiterals(section: Section, laysOut: boolean): void {
    this.#pool.place(section, ({ size, tokens, start }, line) => {
      if (laysOut) return section.space(size);
      locate(line, () => {
        const cursor = new Cursor(tokens, this.#site(section.address), start);
        section.value(cursor.expression(), size);
        if (!cursor.atEnd) cursor.fail('the end of the line');
      });
    });
  }

  #site(pc: bigint): InstructionSite {
    return { pc, symbol: (name) => this.symbols.value(name), local: (reference) => this.symbols.local(reference, pc) };
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
