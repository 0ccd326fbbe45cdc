import { Mismatch } from './assembly-error.js';
import { unquote } from './token.js';
import type { Token } from './token.js';

/** The address of an instruction, and the symbols that it can refer to. @experimental */
export interface InstructionSite {
  /** The address. */
  readonly pc: bigint;
  /** The value of a symbol, or `undefined` when there is none. */
  readonly symbol: (name: string) => bigint | undefined;
  /** The address of the nearest numeric label before (`b`) or after (`f`). */
  readonly local: (reference: string) => bigint | undefined;
}

/** A site without symbols. @experimental */
export const bare = (pc: bigint): InstructionSite => ({ pc, symbol: () => undefined, local: () => undefined });

const MAXIMUM_DEPTH = 100;
const BINARY: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '%']];

function apply(operator: string, x: bigint, y: bigint): bigint {
  switch (operator) {
    case '|':
      return x | y;
    case '^':
      return x ^ y;
    case '&':
      return x & y;
    case '<<':
      return x << y;
    case '>>':
      return x >> y;
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    default:
      return x % y;
  }
}

/** A position in the tokens of a line. Methods throw {@link Mismatch} if the next tokens do not match. @experimental */
export class Cursor {
  #at: number;
  #depth = 0;

  constructor(
    /** The tokens, ended by one of kind `end`. */
    readonly tokens: readonly Token[],
    /** Where the instruction is. */
    readonly site: InstructionSite,
    start = 0,
  ) {
    this.#at = start;
  }

  /** Number of the next token. */
  get position(): number {
    return this.#at;
  }

  /** The next token. */
  get next(): Token {
    return this.tokens[this.#at] as Token;
  }

  /** Whether no token is left. */
  get atEnd(): boolean {
    return this.next.kind === 'end';
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Accepts `text` if it is the next token. */
  accept(text: string): boolean {
    if (this.next.text !== text || this.next.kind === 'string') return false;
    this.#at++;
    return true;
  }

  /** Takes `text`. @throws Mismatch if it is not the next token. */
  expect(text: string): void {
    if (!this.accept(text)) this.fail(`"${text}"`);
  }

  /** Reads a name, in lower case, for which `look` returns a value. */
  named<T>(expected: string, look: (name: string) => T | undefined): T {
    const found = this.next.kind === 'name' ? look(this.next.text.toLowerCase()) : undefined;
    if (found === undefined) this.fail(expected);
    this.#at++;
    return found;
  }

  /** @throws Mismatch, always. */
  fail(expected: string, at: Token = this.next): never {
    throw new Mismatch(expected, at.column);
  }

  /** Reads an immediate: an expression with an optional `#` before it. */
  immediate(): bigint {
    this.accept('#');
    return this.expression();
  }

  /** Reads a floating-point immediate: a decimal number with an optional `#` before it. */
  float(): number {
    this.accept('#');
    const sign = this.accept('-') ? -1 : 1;
    if (this.next.kind !== 'float' && this.next.kind !== 'number') this.fail('a floating-point number');
    return sign * Number(this.take().text);
  }

  /** Reads an expression. @param level - of the operators, 0 (`|`) to 5 (`*`), from which on it may have some. */
  expression(level = 0): bigint {
    const operators = BINARY[level];
    if (!operators) return this.#nested();
    let value = this.expression(level + 1);
    while (this.next.kind === 'punctuation' && operators.includes(this.next.text)) {
      const operator = this.take();
      const right = this.expression(level + 1);
      if ((operator.text === '/' || operator.text === '%') && right === 0n)
        this.fail('a divisor that is not zero', operator);
      if ((operator.text === '<<' || operator.text === '>>') && (right < 0n || right > 64n))
        this.fail('a shift of 0 to 64', operator);
      value = apply(operator.text, value, right);
    }
    return value;
  }

  #unary(): bigint {
    if (this.accept('-')) return -this.#nested();
    if (this.accept('+')) return this.#nested();
    if (this.accept('~')) return ~this.#nested();
    if (this.accept('(')) {
      const value = this.expression();
      this.expect(')');
      return value;
    }
    return this.extension() ?? this.#value();
  }

  /** Limits the depth of recursion: expressions nest in parentheses and unary operators only. */
  #nested(): bigint {
    if (++this.#depth > MAXIMUM_DEPTH) this.fail('an expression that nests less deeply');
    const value = this.#unary();
    this.#depth--;
    return value;
  }

  /** A further kind of operand of expressions, which an architecture has; undefined if there is none here. */
  protected extension(): bigint | undefined {
    return undefined;
  }

  #value(): bigint {
    const token = this.next;
    const value = this.#valueOf(token);
    if (value === undefined)
      this.fail(token.kind === 'name' || token.kind === 'local' ? `a value (${token.text} is not defined)` : 'a value');
    this.#at++;
    return value;
  }

  #valueOf({ kind, text }: Token): bigint | undefined {
    if (kind === 'number') return text.startsWith("'") ? BigInt(unquote(text).codePointAt(0) ?? 0) : BigInt(text);
    if (kind === 'local') return this.site.local(text);
    if (kind === 'name') return text === '.' ? this.site.pc : this.site.symbol(text);
    return undefined;
  }
}
