import { show } from '@qvm/core/options';
import type { ConfigCode } from './codes.js';
import type { FindingList } from './finding.js';
import type { JsonLiteral, JsonNumber, JsonString } from './json-node.js';
import type { LineIndex } from './location.js';

/** Ends parsing: the rest of the text cannot be interpreted. */
export class StopReading extends Error {}

/** The current entry cannot be interpreted; parsing continues with the next one. */
export class SkipEntry extends Error {}

const BARE = /[^\s,:={}[\]"'#]+/y;
const STRING_PART = /[^"\\\p{Cc}]+/uy;
const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const HEXADECIMAL = /^0[xX][0-9a-fA-F]+$/;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const LITERALS: ReadonlyMap<string, boolean | undefined> = new Map([
  ['true', true],
  ['false', false],
  ['null', undefined],
]);

/** Scans the text: white space, comments, strings, numbers and literals. Positions never move backwards. */
export class JsonScanner {
  position = 0;
  /** Whether text was skipped. */
  skipped = false;
  /** Offset up to which an entry was last skipped, so that skipping again makes progress. */
  private resumed = -1;

  constructor(
    readonly text: string,
    readonly lines: LineIndex,
    readonly findings: FindingList,
  ) {
    if (text.startsWith('\uFEFF')) this.position = 1;
  }

  /** The character at the position after white space and comments; `''` at the end. */
  peek(): string {
    for (;;) {
      const character = this.text[this.position] ?? '';
      if (character === '#') this.skipLine();
      else if (character === '/' && this.isForeignComment()) this.skipForeignComment();
      else if (character !== '' && ' \t\r\n'.includes(character)) this.position++;
      else return character;
    }
  }

  error(offset: number, message: string, hint?: string, code: ConfigCode = 'config.syntax'): void {
    this.findings.error(this.lines.at(offset), code, message, hint);
    if (this.findings.full) throw new StopReading();
  }

  /** Reports an error that makes the current entry uninterpretable. */
  fail(offset: number, message: string, hint?: string): never {
    this.error(offset, message, hint);
    this.skipped = true;
    throw new SkipEntry();
  }

  stop(offset: number, message: string, hint?: string, code: ConfigCode = 'config.syntax'): never {
    this.error(offset, message, hint, code);
    throw new StopReading();
  }

  /**
   * Moves to where the next entry may begin after a skipped one: after a comma, before a closing bracket, or at a
   * quote at the beginning of a line. Skips at least one character that is none of these.
   */
  skipEntry(): void {
    let depth = 0;
    for (; this.position < this.text.length; this.position++) {
      const character = this.text[this.position] ?? '';
      if (character === '{' || character === '[') depth++;
      else if (character === '}' || character === ']') {
        if (depth-- === 0) return;
      } else if (depth === 0 && character === ',') {
        this.position++;
        return;
      } else if (character === '"') {
        if (depth === 0 && this.beginsLine()) return;
        this.skipString();
      }
    }
  }

  /** A string in double quotes (RFC 8259 section 7); single quotes are an error after which parsing continues. */
  string(): JsonString {
    const start = this.position;
    const quote = this.text[start];
    if (quote === "'") return this.singleQuoted(start);
    this.position++;
    let value = '';
    for (;;) {
      value += this.run(STRING_PART);
      const character = this.text[this.position] ?? '';
      if (character === '\\') value += this.escape();
      else if (character === '"') break;
      else if (character === '' || character === '\n' || character === '\r') {
        this.beforeBrackets(start);
        // A single quote closes a string left open before, which has been reported.
        if (this.skipped && this.position === start + 1) throw new SkipEntry();
        this.fail(start, `the string ${show(value)} is not closed on its line`, 'add the missing "');
      } else value += this.controlCharacter(character);
    }
    this.position++;
    return { kind: 'string', start, end: this.position, value };
  }

  /** A number, `true`, `false` or `null`; other words are errors and are treated as strings. */
  bare(): JsonString | JsonNumber | JsonLiteral {
    const start = this.position;
    const word = this.run(BARE);
    const end = this.position;
    if (word === '') this.unexpected(start);
    if (LITERALS.has(word)) return { kind: 'literal', start, end, value: LITERALS.get(word) };
    if (DECIMAL.test(word) || HEXADECIMAL.test(word)) return this.number(word, start, end);
    const message = `${show(word)} is not a JSON value`;
    if (/^[&*!|>%@`]/.test(word)) this.fail(start, message, 'anchors, aliases and tags of YAML do not exist here');
    this.error(start, message, wordHint(word));
    return { kind: 'string', start, end, value: word };
  }

  /** Throws an error about the character at `offset`. */
  unexpected(offset: number): never {
    const character = String.fromCodePoint(this.text.codePointAt(offset) ?? 0);
    const hint = /\s/u.test(character) ? 'use ordinary spaces' : undefined;
    return this.fail(offset, `unexpected ${show(character)}`, hint);
  }

  /** Whether the quote at the position is the first character of its line, and not where the last skip ended. */
  private beginsLine(): boolean {
    if (this.position === this.resumed) return false;
    let before = this.position - 1;
    while (this.text[before] === ' ' || this.text[before] === '\t') before--;
    if (before >= 0 && !'\r\n'.includes(this.text[before] ?? '')) return false;
    this.resumed = this.position;
    return true;
  }

  /** Skips from the quote that opens a string to the closing quote, or to the last character of the line. */
  private skipString(): void {
    for (let at = this.position + 1; at < this.text.length; at++) {
      const character = this.text[at] ?? '';
      if ('\r\n'.includes(character)) return;
      this.position = at;
      if (character === '"') return;
      if (character === '\\') at++;
    }
  }

  /** Moves back over the brackets and commas at the end of a line, which an unclosed string has swallowed. */
  private beforeBrackets(start: number): void {
    while (this.position > start + 1 && ' \t,]}'.includes(this.text[this.position - 1] ?? '')) this.position--;
  }

  private number(word: string, start: number, end: number): JsonNumber {
    const value = Number(word);
    // Beyond 2^53, adjacent integers are indistinguishable: the value would differ from the text.
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      this.error(start, `the number ${show(word)} is too large`, 'the largest is 9007199254740991 (2^53 - 1)');
    }
    return { kind: 'number', start, end, value };
  }

  private run(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.position += found.length;
    return found;
  }

  private escape(): string {
    const start = this.position;
    const character = this.text[start + 1] ?? '';
    if (character === 'u') {
      const digits = this.text.slice(start + 2, start + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        this.error(start, 'a \\u escape needs four hexadecimal digits');
        this.position += 2;
        return '\\u';
      }
      this.position += 6;
      return String.fromCharCode(Number(`0x${digits}`));
    }
    const meaning = Object.hasOwn(ESCAPES, character) ? ESCAPES[character] : undefined;
    if (meaning === undefined)
      this.error(start, `unknown escape ${show(`\\${character}`)}`, 'write \\\\ for one backslash');
    this.position += meaning === undefined ? 1 : 2;
    return meaning ?? '\\';
  }

  private controlCharacter(character: string): string {
    // RFC 8259 forbids C0 controls in strings; a tab, DEL or C1 control is a harmless mistake or an attack, and never
    // intended.
    this.error(
      this.position,
      `the control character ${show(character)} is not allowed in a string`,
      'write it as \\u escape',
    );
    this.position++;
    return character;
  }

  private singleQuoted(start: number): JsonString {
    const close = this.text.indexOf("'", start + 1);
    const value = this.text.slice(start + 1, close < 0 ? undefined : close);
    if (close < 0 || /[\r\n]/.test(value)) {
      this.position++;
      this.fail(start, "a string that begins with '", 'use double quotes');
    }
    this.error(start, `the string ${show(value)} is in single quotes`, 'use double quotes');
    this.position = close + 1;
    return { kind: 'string', start, end: this.position, value };
  }

  private skipLine(): void {
    while (this.position < this.text.length && !'\r\n'.includes(this.text[this.position] ?? '')) this.position++;
  }

  private isForeignComment(): boolean {
    const next = this.text[this.position + 1];
    return next === '/' || next === '*';
  }

  private skipForeignComment(): void {
    const start = this.position;
    const isLine = this.text[start + 1] === '/';
    this.error(start, `comments do not begin with ${isLine ? '//' : '/*'}`, 'begin them with #', 'config.comment');
    if (isLine) return this.skipLine();
    const close = this.text.indexOf('*/', start + 2);
    this.position = close < 0 ? this.text.length : close + 2;
  }
}

function wordHint(word: string): string {
  if (/^[-+]?(?:nan|inf(?:inity)?)$/i.test(word)) return 'numbers must be finite';
  if (/^[-+]?[0-9.][0-9.eE+-]*$/.test(word)) return 'numbers are written as 10, -3, 1.5 or 0x1f';
  return `text needs double quotes: "${word.length > 40 ? '…' : word}"`;
}
