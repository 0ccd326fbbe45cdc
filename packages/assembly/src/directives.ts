import type { Cursor } from './cursor.js';
import type { Directive } from './dialect.js';
import { unquote } from './token.js';

/** Reads a list separated by commas. */
function list(cursor: Cursor, item: () => void): void {
  if (cursor.atEnd) return;
  do item();
  while (cursor.accept(','));
  end(cursor);
}

/** @throws Mismatch unless the line ends. @experimental */
export function end(cursor: Cursor): void {
  if (!cursor.atEnd) cursor.fail('"," or the end of the line');
}

/** Skips an expression whose symbols may not be defined yet. */
function skip(cursor: Cursor): void {
  let depth = 0;
  while (!cursor.atEnd && (depth > 0 || cursor.next.text !== ',')) {
    const { text } = cursor.take();
    depth += text === '(' ? 1 : text === ')' ? -1 : 0;
  }
}

/** Numbers of `size` bytes. @experimental */
export const data =
  (size: number): Directive =>
  ({ cursor, section, laysOut }) => {
    list(cursor, () => {
      if (laysOut) {
        skip(cursor);
        section.space(size);
        return;
      }
      const at = cursor.next;
      const value = cursor.expression();
      const limit = 1n << BigInt(8 * size);
      if (value >= limit || value < -limit / 2n) cursor.fail(`a number of ${8 * size} bits`, at);
      section.value(value, size);
    });
  };

const text =
  (terminator: string): Directive =>
  ({ cursor, section }) => {
    list(cursor, () => {
      if (cursor.next.kind !== 'string') cursor.fail('a string');
      section.append(new TextEncoder().encode(unquote(cursor.take().text) + terminator));
    });
  };

/** A number that determines the layout: its symbols must have been defined before. */
function count(cursor: Cursor, expected: string, limit: bigint): number {
  const at = cursor.next;
  const value = cursor.expression();
  if (value < 0n || value > limit) cursor.fail(expected, at);
  return Number(value);
}

/** An alignment. @experimental */
export const align =
  (toBytes: (n: number) => number): Directive =>
  ({ cursor, section }) => {
    const at = cursor.next;
    const alignment = toBytes(count(cursor, 'an alignment', 1n << 24n));
    if (alignment < 1 || alignment > 1 << 24 || (alignment & (alignment - 1)) !== 0)
      cursor.fail('an alignment that is a power of two', at);
    end(cursor);
    section.align(alignment);
  };

const space: Directive = ({ cursor, section }) => {
  const bytes = count(cursor, 'a number of bytes', 1n << 32n);
  const fill = cursor.accept(',') ? count(cursor, 'a byte', 255n) : 0;
  end(cursor);
  section.space(bytes, fill);
};

const org: Directive = ({ cursor, section }) => {
  const at = cursor.next;
  const distance = cursor.expression() - section.address;
  if (distance < 0n || distance > 1n << 32n) cursor.fail('an address that is not below this one', at);
  end(cursor);
  section.space(Number(distance));
};

const equate: Directive = ({ cursor, symbols }) => {
  const token = cursor.next;
  if (token.kind !== 'name') cursor.fail('a name');
  cursor.take();
  cursor.expect(',');
  const value = cursor.expression();
  end(cursor);
  if (symbols.labels.has(token.text)) cursor.fail('a name that is not a label', token);
  symbols.set(token.text, value);
};

/** A directive without effect on a flat image. @experimental */
export const ignored: Directive = () => undefined;

/** The directives that all assemblers have, as the GNU assembler names them. @experimental */
export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  '.byte': data(1),
  '.short': data(2),
  '.2byte': data(2),
  '.long': data(4),
  '.4byte': data(4),
  '.quad': data(8),
  '.8byte': data(8),
  '.ascii': text(''),
  '.asciz': text('\0'),
  '.string': text('\0'),
  '.p2align': align((n) => 2 ** n),
  '.balign': align((n) => n),
  '.space': space,
  '.skip': space,
  '.zero': space,
  '.org': org,
  '.equ': equate,
  '.set': equate,
  '.text': ignored,
  '.global': ignored,
  '.globl': ignored,
};
