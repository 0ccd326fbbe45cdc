import { type OptionDeclarations, show } from '@qvm/core/options';
import type { ConfigCode } from '../codes.js';
import type { FindingList } from '../finding.js';
import type { LineIndex, Located, SourceLocation } from '../location.js';
import type { Token } from './lexer.js';

/** The options of a vdev type, if the caller knows them. @experimental */
export type VdevOptionsLookup = (type: string) => OptionDeclarations | undefined;

/** Interprets words before the general ones are tried, until another context is opened. */
export interface LineContext {
  /** Its words, for hints. */
  readonly words: readonly string[];
  /** Processes a word and its arguments; false if it does not know the word. */
  take(word: Token): boolean;
}

/** The words of a file, read one after the other. */
export class LineReader {
  private position = 0;
  /** The interrupt controllers that interrupts name. */
  readonly controllers: Located<string>[] = [];

  constructor(
    private readonly tokens: readonly Token[],
    readonly lines: LineIndex,
    readonly findings: FindingList,
  ) {}

  /** Whether only the first word has been read. */
  get atStart(): boolean {
    return this.position === 1;
  }

  peek(): Token | undefined {
    return this.tokens[this.position];
  }

  next(): Token | undefined {
    return this.tokens[this.position++];
  }

  /**
   * Location of a word, or of an offset in its text. In quotes, text and source differ (escapes, line breaks), so the
   * location is that of the opening quote.
   */
  at(token: Token, offset = 0): SourceLocation {
    return this.lines.at(token.start + Math.min(offset, token.bare));
  }

  /** Reads the argument of a word; reports it if it is missing. */
  argument(word: Token): Token | undefined {
    const token = this.next();
    if (token === undefined) {
      this.findings.error(this.at(word), 'config.missing-argument', `${show(word.text)} needs an argument`);
    }
    return token;
  }

  /** Reads the argument of a word as a value with its location. */
  value(word: Token): Located<string> | undefined {
    const token = this.argument(word);
    return token === undefined ? undefined : { value: token.text, at: this.at(token) };
  }

  error(token: Token, code: ConfigCode, message: string, hint?: string): void {
    this.findings.error(this.at(token), code, message, hint);
  }

  ignored(token: Token, why: string): void {
    this.findings.info(this.at(token), 'config.ignored', `${show(token.text)} changes nothing: ${why}`);
  }
}

/** A part of a word. */
export interface Part {
  readonly value: string;
  readonly at: SourceLocation;
}

/** The parts of a token between commas. */
export function splitToken(token: Token, reader: LineReader): Part[] {
  let offset = 0;
  return token.text.split(',').map((value) => {
    const part = { value, at: reader.at(token, offset) };
    offset += value.length + 1;
    return part;
  });
}
