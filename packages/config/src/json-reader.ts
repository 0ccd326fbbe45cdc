import type { FindingList } from './finding.js';
import type { JsonArray, JsonMember, JsonNode, JsonObject, JsonString } from './json-node.js';
import { JsonScanner, StopReading } from './json-scanner.js';
import { MAX_DEPTH, MAX_VALUES } from './limits.js';
import type { LineIndex } from './location.js';
import { show } from './show.js';

/**
 * Reads JSON (RFC 8259) with `#` comments, trailing commas and `0x` numbers. It is our own reader and not a YAML
 * library's because the text is hostile: linear time, bounded depth, and each slip (a comma left out, a string left
 * open) is reported where it was made. Small slips are reported and read through, so that one run lists them all.
 *
 * Gives `undefined` when the text has no meaning; then `findings` holds why.
 */
export function readJson(text: string, lines: LineIndex, findings: FindingList): JsonNode | undefined {
  try {
    return new JsonReader(new JsonScanner(text, lines, findings)).document();
  } catch (error) {
    if (error instanceof StopReading) return undefined;
    throw error;
  }
}

class JsonReader {
  private depth = 0;
  private values = 0;

  constructor(private readonly scanner: JsonScanner) {}

  document(): JsonNode {
    const { scanner } = this;
    const first = scanner.peek();
    if (first === '') scanner.fail(scanner.position, 'the file is empty', 'it must hold one object: { … }');
    if (first !== '{') {
      scanner.fail(scanner.position, 'a configuration must begin with "{"', 'it is one JSON object with # comments');
    }
    const root = this.value();
    if (scanner.peek() !== '') {
      scanner.fail(
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
      scanner.fail(scanner.position, `more than ${MAX_VALUES} values`, undefined, 'config.too-large');
    }
    const character = scanner.peek();
    if (character === '{') return this.nested(() => this.object());
    if (character === '[') return this.nested(() => this.array());
    return character === '"' || character === "'" ? scanner.string() : scanner.bare();
  }

  private nested<T>(read: () => T): T {
    if (this.depth === MAX_DEPTH) {
      this.scanner.fail(this.scanner.position, `nested deeper than ${MAX_DEPTH} levels`, undefined, 'config.too-deep');
    }
    this.depth++;
    const result = read();
    this.depth--;
    return result;
  }

  private object(): JsonObject {
    const { scanner } = this;
    const start = scanner.position++;
    const members = new Map<string, JsonMember>();
    while (this.more(start, '}')) {
      const key = this.key();
      const value = this.memberValue(key);
      const earlier = members.get(key.value);
      if (earlier === undefined) members.set(key.value, { keyStart: key.start, value });
      else this.duplicate(key, earlier);
      this.separator(value.end, '}');
    }
    scanner.position++;
    return { kind: 'object', start, end: scanner.position, members };
  }

  private array(): JsonArray {
    const { scanner } = this;
    const start = scanner.position++;
    const items: JsonNode[] = [];
    while (this.more(start, ']')) {
      const item = this.value();
      items.push(item);
      this.separator(item.end, ']');
    }
    scanner.position++;
    return { kind: 'array', start, end: scanner.position, items };
  }

  /** True when another entry begins here, false at `close`. */
  private more(start: number, close: '}' | ']'): boolean {
    const { scanner } = this;
    let character = scanner.peek();
    while (character === ',') {
      scanner.error(scanner.position, 'a comma with nothing before it', 'remove it');
      scanner.position++;
      character = scanner.peek();
    }
    if (character === close) return false;
    if (character !== '' && character !== '}' && character !== ']') return true;
    const { line, column } = scanner.lines.at(start);
    const opened = `"${close === '}' ? '{' : '['}" of line ${line}, column ${column}`;
    const found = character === '' ? 'the end of the file' : `"${character}"`;
    return scanner.fail(
      scanner.position,
      `found ${found} before the "${close}" for the ${opened}`,
      `close it with "${close}"`,
    );
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

  private separator(end: number, close: '}' | ']'): void {
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
