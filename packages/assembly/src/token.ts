import { AssemblyError } from './assembly-error.js';

/** A piece of a source line. `local` is a reference to a numeric label (`1b`). @experimental */
export interface Token {
  /** Its kind. */
  readonly kind: 'name' | 'number' | 'float' | 'local' | 'string' | 'punctuation' | 'end';
  /** As it is written. */
  readonly text: string;
  /** From 0. */
  readonly column: number;
}

const PIECES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['float', /\d+\.\d+(?:[eE][+-]?\d+)?/y],
  ['number', /0[xX][0-9a-fA-F]+|0[bB][01]+/y],
  ['local', /\d+[bf]\b/y],
  ['number', /\d+/y],
  ['number', /'(?:\\.|[^\\'])'/y],
  ['string', /"(?:\\.|[^\\"])*"/y],
  ['name', /[A-Za-z_.$][\w.$]*/y],
  ['punctuation', /<<|>>|[,#[\]!{}()+\-*/%&|^~:=]/y],
];

/**
 * Splits a line into tokens, ended by one of kind `end`.
 *
 * @param comments - texts that begin a comment.
 * @throws AssemblyError at a character that starts no token.
 * @experimental
 */
export function tokenize(line: string, lineNumber = 1, comments: readonly string[] = ['//', ';']): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === ' ' || line[at] === '\t' || line[at] === '\r') at++;
    if (at >= line.length || comments.some((comment) => line.startsWith(comment, at))) break;
    const token = pieceAt(line, at);
    if (!token) throw new AssemblyError(`unexpected character ${JSON.stringify(line[at])}`, lineNumber, at + 1);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', column: at });
  return tokens;
}

function pieceAt(line: string, column: number): Token | undefined {
  for (const [kind, piece] of PIECES) {
    piece.lastIndex = column;
    const text = piece.exec(line)?.[0];
    if (text !== undefined) return { kind, text, column };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b', f: '\f' };

/** The value of a string or character token: without quotes, with escapes replaced. @experimental */
export function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c);
}
