import { show } from '@qvm/core/options';
import type { FindingList } from '../finding.js';
import { MAX_VALUES } from '../limits.js';
import type { LineIndex } from '../location.js';

/** A word of the line form: an option, or its argument. */
export interface Token {
  readonly text: string;
  /** Offset of its first character in the text. */
  readonly start: number;
  /** Number of characters at its beginning that are outside of quotes. */
  readonly bare: number;
}

// White space and comments; a backslash at the end of a line joins it with the next line and counts as white space,
// too.
const GAP = /(?:\s+|#[^\r\n]*|\\\r?\n)*/y;
const BARE = /(?:[^\s"#\\]+|\\(?!\r?\n))+/y;
const QUOTED = /(?:[^"\\\r\n]+|\\[^"\\\r\n])+/y;
const ESCAPE = /\\(?:\r?\n|["\\])/y;
const LINE_BREAK = /(?:\r\n|\r|\n)[ \t]*/y;
const REST_OF_LINE = /[^\r\n]*/y;
const SUBSTITUTION = /\$[A-Za-z_]+\{/;

/** Splits the line form into words. Linear in the length of the text; errors are reported. */
export function tokenize(text: string, lines: LineIndex, findings: FindingList): Token[] {
  return new Lexer(text, lines, findings).tokens();
}

class Lexer {
  private position: number;

  constructor(
    private readonly text: string,
    private readonly lines: LineIndex,
    private readonly findings: FindingList,
  ) {
    this.position = text.startsWith('\uFEFF') ? 1 : 0;
  }

  tokens(): Token[] {
    const tokens: Token[] = [];
    for (this.run(GAP); this.position < this.text.length && !this.findings.full; this.run(GAP)) {
      if (tokens.length === MAX_VALUES) {
        this.findings.error(this.lines.at(this.position), 'config.too-large', `more than ${MAX_VALUES} words`);
        break;
      }
      tokens.push(this.token());
    }
    return tokens;
  }

  private token(): Token {
    const start = this.position;
    let text = this.run(BARE);
    const bare = text.length;
    while (this.text[this.position] === '"') text += this.quoted() + this.run(BARE);
    this.refuseSubstitution(text.slice(0, bare), start);
    return { text, start, bare };
  }

  /** Text between two double quotes: `\"` and `\\` are escapes, a backslash at the end of a line continues it. */
  private quoted(): string {
    const start = this.position++;
    let value = '';
    for (;;) {
      value += this.run(QUOTED);
      const character = this.text[this.position];
      if (character === '"') break;
      if (character === undefined) {
        this.findings.error(this.lines.at(start), 'config.syntax', 'the quote is not closed', 'add the missing "');
        return this.restOfLine(start + 1);
      }
      value += this.special();
    }
    this.position++;
    return value;
  }

  /** Ends an unclosed quote at the end of its line. Linear in total, because there can be only one such quote. */
  private restOfLine(start: number): string {
    this.position = start;
    return this.run(REST_OF_LINE);
  }

  /** A line break in quotes, with the indentation after it, separates words like a blank. */
  private special(): string {
    if (this.run(LINE_BREAK) !== '') return ' ';
    const escape = this.run(ESCAPE);
    if (escape !== '') return escape === '\\"' || escape === '\\\\' ? escape.slice(1) : '';
    return this.text[this.position++] ?? '';
  }

  /** `$asinfo_start{NAME}` and similar substitutions refer to QNX' memory map of the host, which does not exist. */
  private refuseSubstitution(text: string, start: number): void {
    const match = SUBSTITUTION.exec(text);
    if (match === null) return;
    const message = `${show(text)} asks for the memory map of a QNX host, which does not exist here`;
    this.findings.error(this.lines.at(start + match.index), 'config.substitution', message, 'write the number');
  }

  private run(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.position += found.length;
    return found;
  }
}
