import { show } from '@qvm/core/options';
import type { FindingList } from './finding.js';
import type { JsonArray, JsonMember, JsonNode, JsonObject, JsonString } from './json-node.js';
import { JsonScanner, SkipEntry, StopReading } from './json-scanner.js';
import { MAX_DEPTH, MAX_VALUES } from './limits.js';
import type { LineIndex } from './location.js';

/**
 * Parses JSON (RFC 8259) with `#` comments, trailing commas and `0x` numbers. A YAML library is not used because the
 * text is hostile: parsing takes linear time, depth is bounded, and each error (a missing comma, an unclosed string)
 * is reported where it was made. Small errors are reported and parsing continues; after larger ones, the entry of the
 * enclosing object or array is omitted. So one run reports all errors.
 *
 * Returns `undefined` if the text cannot be interpreted; `findings` then has the reason.
 */
export function readJson(text: string, lines: LineIndex, findings: FindingList): JsonDocument | undefined {
  const scanner = new JsonScanner(text, lines, findings);
  try {
    const root = new JsonReader(scanner).document();
    return { root, isWhole: !scanner.skipped };
  } catch (error) {
    if (error instanceof StopReading) return undefined;
    throw error;
  }
}

/** The parsed part of a text. */
export interface JsonDocument {
  readonly root: JsonNode;
  /** Whether nothing was omitted, so that missing keys are really missing. */
  readonly isWhole: boolean;
}

type Bracket = '}' | ']';

class JsonReader {
  /** The closing brackets of all open brackets, innermost last. */
  private readonly open: Bracket[] = [];
  private values = 0;
  private ended = false;

  constructor(private readonly scanner: JsonScanner) {}

  document(): JsonNode {
    const { scanner } = this;
    const first = scanner.peek();
    if (first === '') scanner.stop(scanner.position, 'the file is empty', 'it must hold one object: { … }');
    if (first !== '{') {
      scanner.stop(scanner.position, 'a configuration must begin with "{"', 'it is one JSON object with # comments');
    }
    const root = this.value();
    while (scanner.skipped && '}]'.includes(scanner.peek() || '?')) scanner.position++;
    if (scanner.peek() !== '') {
      scanner.error(
        scanner.position,
        'text after the end of the configuration',
        'a file holds one object; is a bracket too many above?',
      );
    }
    return root;
  }

  private value(): JsonNode {
    const { scanner } = this;
    this.values++;
    if (this.values > MAX_VALUES) {
      scanner.stop(scanner.position, `more than ${MAX_VALUES} values`, undefined, 'config.too-large');
    }
    const character = scanner.peek();
    if (character === '{') return this.nested('}', () => this.object());
    if (character === '[') return this.nested(']', () => this.array());
    return character === '"' || character === "'" ? scanner.string() : scanner.bare();
  }

  private nested<T>(close: Bracket, read: () => T): T {
    if (this.open.length === MAX_DEPTH) {
      this.scanner.stop(this.scanner.position, `nested deeper than ${MAX_DEPTH} levels`, undefined, 'config.too-deep');
    }
    this.open.push(close);
    const result = read();
    this.open.pop();
    return result;
  }

  private object(): JsonObject {
    const start = this.scanner.position;
    const members = new Map<string, JsonMember>();
    this.entries(start, '}', () => {
      const key = this.key();
      const value = this.memberValue(key);
      const earlier = members.get(key.value);
      if (earlier === undefined) members.set(key.value, { keyStart: key.start, value });
      else this.duplicate(key, earlier);
      return value.end;
    });
    return { kind: 'object', start, end: this.scanner.position, members };
  }

  private array(): JsonArray {
    const start = this.scanner.position;
    const items: JsonNode[] = [];
    this.entries(start, ']', () => {
      const item = this.value();
      items.push(item);
      return item.end;
    });
    return { kind: 'array', start, end: this.scanner.position, items };
  }

  /** Parses from a bracket to its closing bracket; `read` parses an entry and returns the offset of its end. */
  private entries(start: number, close: Bracket, read: () => number): void {
    const { scanner } = this;
    scanner.position++;
    while (this.more(start, close)) {
      try {
        this.separator(read(), close);
      } catch (error) {
        if (!(error instanceof SkipEntry)) throw error;
        scanner.skipEntry();
      }
    }
  }

  /** True if another entry follows; false after `close`, or where it is missing. */
  private more(start: number, close: Bracket): boolean {
    const { scanner } = this;
    let character = scanner.peek();
    while (character === ',') {
      scanner.error(scanner.position, 'a comma with nothing before it', 'remove it');
      scanner.position++;
      character = scanner.peek();
    }
    if (character !== '' && character !== '}' && character !== ']') return true;
    if (character !== close) this.unclosed(start, close, character);
    // A bracket that closes an outer object or array is left for that.
    if (character === close || (character !== '' && !this.open.slice(0, -1).includes(character))) scanner.position++;
    return false;
  }

  /** At the end of the text, the innermost unclosed bracket is reported. */
  private unclosed(start: number, close: Bracket, character: string): void {
    const { scanner } = this;
    if (character === '' && this.ended) return;
    this.ended ||= character === '';
    scanner.skipped = true;
    const { line, column } = scanner.lines.at(start);
    const opened = `"${close === '}' ? '{' : '['}" of line ${line}, column ${column}`;
    const found = character === '' ? 'the end of the file' : `"${character}"`;
    const message = `found ${found} before the "${close}" for the ${opened}`;
    scanner.error(scanner.position, message, `close it with "${close}"`);
  }

  private key(): JsonString {
    const { scanner } = this;
    const character = scanner.peek();
    if (character === '"' || character === "'") return scanner.string();
    if (character === '{' || character === '[') {
      return scanner.fail(scanner.position, `a key must come before "${character}"`, 'write "key": value');
    }
    const word = scanner.bare();
    if (word.kind === 'string') return word;
    const written = scanner.text.slice(word.start, word.end);
    scanner.error(word.start, `the key ${show(written)} is not in double quotes`, 'write "key": value');
    return { kind: 'string', start: word.start, end: word.end, value: written };
  }

  private memberValue(key: JsonString): JsonNode {
    const { scanner } = this;
    const character = scanner.peek();
    if (character === ':') scanner.position++;
    else if (character === '=') {
      scanner.error(scanner.position, `"=" after the key ${show(key.value)}`, 'write ":"');
      scanner.position++;
    } else scanner.error(key.end, `missing ":" after the key ${show(key.value)}`, 'write "key": value');
    const next = scanner.peek();
    if (next !== ',' && next !== '}' && next !== ']' && next !== '') return this.value();
    const written = character === ':' || character === '=';
    const start = written ? scanner.position : key.end;
    if (written) scanner.error(start, `missing value for the key ${show(key.value)}`);
    return { kind: 'literal', start, end: scanner.position, value: undefined };
  }

  private separator(end: number, close: Bracket): void {
    const { scanner } = this;
    const character = scanner.peek();
    if (character === ',') scanner.position++;
    else if (character === ':')
      scanner.fail(scanner.position, 'unexpected ":"', 'is a quote or a comma missing before it?');
    else if (character !== close && character !== '' && character !== '}' && character !== ']') {
      scanner.error(end, 'missing "," after this value', 'add a comma');
    }
  }

  private duplicate(key: JsonString, earlier: JsonMember): void {
    const { line, column } = this.scanner.lines.at(earlier.keyStart);
    const message = `the key ${show(key.value)} is here twice`;
    this.scanner.error(key.start, message, `the first is in line ${line}, column ${column}`, 'config.duplicate-key');
  }
}
