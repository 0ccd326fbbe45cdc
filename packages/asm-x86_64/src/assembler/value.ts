import type { Cursor } from '@qvm/assembly';
import { REGISTERS, SEGMENTS } from '../registers.js';
import type { NamedRegister } from '../registers.js';

/** An operand in memory, as it is written. */
export interface MemoryValue {
  readonly kind: 'memory';
  /** Name of the size, such as `DWORD`; `''` if there is none. */
  readonly size: string;
  /** Number of the segment register that is written, −1 if none is. */
  readonly segment: number;
  readonly base: NamedRegister | undefined;
  readonly index: NamedRegister | undefined;
  /** 1, 2, 4 or 8. */
  readonly scale: number;
  readonly displacement: bigint;
  /** Whether the displacement is the address of a symbol. */
  readonly hasSymbol: boolean;
}

/** An operand, as it is written. */
export type Value =
  | { readonly kind: 'register'; readonly register: NamedRegister }
  | { readonly kind: 'immediate'; readonly value: bigint }
  | { readonly kind: 'far'; readonly selector: bigint; readonly offset: bigint }
  | MemoryValue;

const SIZES = new Set(['BYTE', 'WORD', 'DWORD', 'FWORD', 'QWORD', 'TBYTE', 'XMMWORD', 'OWORD', 'YMMWORD']);
/** Level of `*` among the operators of expressions. */
const PRODUCT = 5;
const SCALES = [1, 2, 4, 8];
const FACTORS = new Set(SCALES.map(String));

/** Reads an operand. @param symbolsUsed - number of symbols that expressions have used until now. */
export function parseValue(cursor: Cursor, symbolsUsed: () => number): Value {
  const size = takeSize(cursor);
  if (cursor.next.text === '[') return { ...parseBrackets(cursor, symbolsUsed), size };
  const register = size === '' ? takeRegister(cursor) : undefined;
  if (register && register.registers !== 'segment') return { kind: 'register', register };
  const segment = register?.number ?? segmentOf(cursor);
  if (segment >= 0 && cursor.accept(':')) return { ...parseAfterSegment(cursor, symbolsUsed), size, segment };
  if (register) return { kind: 'register', register };
  if (size !== '') cursor.fail('"["');
  const value = cursor.expression();
  if (!cursor.accept(':')) return { kind: 'immediate', value };
  return { kind: 'far', selector: value, offset: cursor.expression() };
}

function takeSize(cursor: Cursor): string {
  const name = cursor.next.kind === 'name' ? cursor.next.text.toUpperCase() : '';
  if (!SIZES.has(name)) return '';
  cursor.take();
  if (cursor.next.text.toLowerCase() === 'ptr') cursor.take();
  return name === 'XMMWORD' ? 'OWORD' : name;
}

/** A register, `st(1)` included. */
function takeRegister(cursor: Cursor): NamedRegister | undefined {
  if (cursor.next.kind !== 'name') return undefined;
  const register = REGISTERS.get(cursor.next.text.toLowerCase());
  if (!register) return undefined;
  cursor.take();
  if (register.registers !== 'x87' || !cursor.accept('(')) return register;
  const number = Number(cursor.expression());
  if (!(number >= 0 && number < 8)) cursor.fail('a number from 0 to 7');
  cursor.expect(')');
  return { ...register, number };
}

/** Takes a segment register after the name of a size. */
function segmentOf(cursor: Cursor): number {
  const number = cursor.next.kind === 'name' ? SEGMENTS.indexOf(cursor.next.text.toLowerCase()) : -1;
  if (number >= 0) cursor.take();
  return number;
}

function parseAfterSegment(cursor: Cursor, symbolsUsed: () => number): MemoryValue {
  if (cursor.next.text === '[') return parseBrackets(cursor, symbolsUsed);
  const before = symbolsUsed();
  const displacement = cursor.expression();
  return { ...NO_MEMORY, displacement, hasSymbol: symbolsUsed() > before };
}

const NO_MEMORY: MemoryValue = {
  kind: 'memory',
  size: '',
  segment: -1,
  base: undefined,
  index: undefined,
  scale: 1,
  displacement: 0n,
  hasSymbol: false,
};

/** `[base + index * scale + displacement]`, in any order. */
function parseBrackets(cursor: Cursor, symbolsUsed: () => number): MemoryValue {
  cursor.expect('[');
  let { base, index, scale, displacement } = NO_MEMORY;
  const before = symbolsUsed();
  let isNegative = cursor.accept('-');
  for (;;) {
    const found = isNegative ? undefined : takeScaled(cursor);
    if (!found) displacement += (isNegative ? -1n : 1n) * cursor.expression(PRODUCT);
    else if (found.scale === 0 && base === undefined) base = found.register;
    else if (index === undefined) [index, scale] = [found.register, found.scale || 1];
    else if (base === undefined && found.scale === 1) base = found.register;
    else cursor.fail('no third register');
    if (cursor.accept(']')) break;
    isNegative = cursor.accept('-');
    if (!isNegative) cursor.expect('+');
  }
  // RSP can be a base only.
  const isBaseOnly = index?.registers === 'general' && index.number === 4 && index.size > 1;
  if ((isBaseOnly || base?.registers === 'xmm') && scale === 1) [base, index] = [index, base];
  return { ...NO_MEMORY, base, index, scale, displacement, hasSymbol: symbolsUsed() > before };
}

/** A register with an optional factor; its scale is 0 if there is none. */
function takeScaled(cursor: Cursor): { register: NamedRegister; scale: number } | undefined {
  const { tokens, position } = cursor;
  const factorFirst =
    FACTORS.has(cursor.next.text) &&
    tokens[position + 1]?.text === '*' &&
    REGISTERS.has(tokens[position + 2]?.text.toLowerCase() ?? '');
  const factor = factorFirst ? Number(cursor.take().text) : 0;
  if (factorFirst) cursor.take();
  const register = takeRegister(cursor);
  if (!register || factor !== 0 || !cursor.accept('*')) return register && { register, scale: factor };
  const scale = Number(cursor.expression(PRODUCT + 1));
  if (!SCALES.includes(scale)) cursor.fail('a factor of 1, 2, 4 or 8');
  return { register, scale };
}
