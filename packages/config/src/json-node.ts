/** A JSON value with the offsets of its first character and of the character after its last. */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonLiteral;

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonMember {
  readonly keyStart: number;
  readonly value: JsonNode;
}

export interface JsonObject extends Span {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, JsonMember>;
}

export interface JsonArray extends Span {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}

export interface JsonString extends Span {
  readonly kind: 'string';
  readonly value: string;
}

export interface JsonNumber extends Span {
  readonly kind: 'number';
  readonly value: number;
}

export interface JsonLiteral extends Span {
  readonly kind: 'literal';
  readonly value: boolean | undefined;
}

/** The value at `path` below `root`, or `undefined` if the text has none. */
export function nodeAt(root: JsonNode, path: readonly PropertyKey[]): JsonNode | undefined {
  let node: JsonNode | undefined = root;
  for (const step of path) {
    if (node?.kind === 'object') node = node.members.get(String(step))?.value;
    else if (node?.kind === 'array') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/**
 * The plain value for schema validation. Objects have no prototype, so that a key such as `__proto__` is an ordinary
 * key.
 */
export function toPlain(node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map(toPlain);
  if (node.kind !== 'object') return node.kind === 'literal' && node.value === undefined ? null : node.value;
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of node.members) plain[key] = toPlain(member.value);
  return plain;
}

/** For each UTF-16 unit of a string node's value, the offset in `text` at which it is written. */
export function unitOffsets(node: JsonString, text: string): (index: number) => number {
  const first = node.start + 1;
  const written = text.slice(first, node.end - 1);
  if (!written.includes('\\')) return (index) => first + index;
  const offsets = new Uint32Array(node.value.length + 1);
  let offset = first;
  for (let index = 0; index < offsets.length; index++) {
    offsets[index] = offset;
    if (text[offset] !== '\\') offset++;
    else offset += text[offset + 1] === 'u' ? 6 : 2;
  }
  // Escapes that could not be parsed may move the sum beyond the string.
  return (index) => Math.min(offsets[Math.min(index, node.value.length)] ?? first, node.end - 1);
}
