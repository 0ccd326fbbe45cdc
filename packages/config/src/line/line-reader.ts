import { type OptionDeclarations, show } from '@qvm/core/options';
import type { ConfigCode } from '../codes.js';
import type { FindingList } from '../finding.js';
import type { LineIndex, Located, SourceLocation } from '../location.js';
import type { Token } from './lexer.js';

/** The options of a vdev type, when the caller knows them. @experimental */
export type VdevOptionsLookup = (type: string) => OptionDeclarations | undefined;

/** A context stays open until another one opens. It interprets a word first. */
export interface LineContext {
  /** Words that it knows, for hints. */
  readonly words: readonly string[];
  /** Takes the word and its arguments; false when it does not know the word. */
  take(word: Token): boolean;
}

/** The words of a file, read one after the other. */
export class LineReader {
  private position = 0;

  constructor(
    private readonly tokens: readonly Token[],
    readonly lines: LineIndex,
    readonly findings: FindingList,
  ) {}

  /** Whether nothing was read but the first word. */
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
   * Where a word, or what comes at an offset of its text, was written. In quotes text and source differ (escapes, line breaks):
   * there it is where the quotes begin.
   */
  at(token: Token, offset = 0): SourceLocation {
    return this.lines.at(token.start + Math.min(offset, token.bare));
  }

  /** The argument of a word; reports that it is missing. */
  argument(word: Token): Token | undefined {
    const token = this.next();
    if (token === undefined) {
      this.findings.error(this.at(word), 'config.missing-argument', `${show(word.text)} needs an argument`);
    }
    return token;
  }

  /** The same as a value with its place. */
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
