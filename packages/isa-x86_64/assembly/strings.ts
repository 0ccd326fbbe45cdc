/** PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (Intel SDM volume 2, section 4.1). */

const VECTOR_BYTES: i32 = 16;
/** Bits of the control byte. */
const WORDS: i32 = 1;
const SIGNED: i32 = 2;
const EQUAL_ANY: i32 = 0;
const RANGES: i32 = 1;
const EQUAL_EACH: i32 = 2;
const NEGATIVE: i32 = 0x10;
const MASKED: i32 = 0x20;
/** Bits of the result: an operand ends before its last element. */
const SECOND_ENDS: i32 = 1 << 16;
const FIRST_ENDS: i32 = 1 << 17;

function iota(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** Element `i` in all elements. */
function spread(x: v128, i: i32, words: i32): v128 {
  if (!words) return i8x16.swizzle(x, i8x16.splat(<i8>i));
  return i8x16.swizzle(x, i8x16.add(i8x16.splat(<i8>(2 * i)), i16x8.splat(0x100)));
}

/** The elements from number `i` on, followed by zeros. */
function from(x: v128, i: i32, words: i32): v128 {
  return i8x16.swizzle(x, i8x16.add(iota(), i8x16.splat(<i8>(i << words))));
}

/** All ones in the first `length` elements. */
function firstElements(length: i32, words: i32): v128 {
  return i8x16.lt_s(iota(), i8x16.splat(<i8>(length << words)));
}

function equal(x: v128, y: v128, words: i32): v128 {
  return words ? i16x8.eq(x, y) : i8x16.eq(x, y);
}

/** x <= y. */
function notAbove(x: v128, y: v128, control: i32): v128 {
  if (control & WORDS) return control & SIGNED ? i16x8.le_s(x, y) : i16x8.le_u(x, y);
  return control & SIGNED ? i8x16.le_s(x, y) : i8x16.le_u(x, y);
}

/** Number of elements before the first that is 0. */
function lengthOf(x: v128, words: i32): i32 {
  const zero = i64x2.splat(0);
  const mask = words ? i16x8.bitmask(i16x8.eq(x, zero)) : i8x16.bitmask(i8x16.eq(x, zero));
  return ctz(mask | (1 << (VECTOR_BYTES >> words)));
}

function equalAny(x: v128, y: v128, length: i32, words: i32): v128 {
  let found = i64x2.splat(0);
  for (let i = 0; i < length; i++) found = v128.or(found, equal(spread(x, i, words), y, words));
  return found;
}

function inRanges(x: v128, y: v128, length: i32, control: i32): v128 {
  const words = control & WORDS;
  let found = i64x2.splat(0);
  for (let i = 0; i + 1 < length; i += 2) {
    const above = notAbove(spread(x, i, words), y, control);
    found = v128.or(found, v128.and(above, notAbove(y, spread(x, i + 1, words), control)));
  }
  return found;
}

function equalEach(x: v128, y: v128, inX: v128, inY: v128, words: i32): v128 {
  const both = v128.and(equal(x, y, words), v128.and(inX, inY));
  return v128.or(both, v128.not(v128.or(inX, inY)));
}

/** Where `x` begins in `y`, as far as `y` tells. */
function equalOrdered(x: v128, y: v128, length: i32, inY: v128, words: i32): v128 {
  let found = i64x2.splat(-1);
  for (let i = 0; i < length; i++) {
    const same = v128.and(equal(spread(x, i, words), from(y, i, words), words), from(inY, i, words));
    const beyond = i8x16.ge_s(i8x16.add(iota(), i8x16.splat(<i8>(i << words))), i8x16.splat(<i8>VECTOR_BYTES));
    found = v128.and(found, v128.or(same, beyond));
  }
  return found;
}

/**
 * Compares two strings.
 *
 * @param lengthX - number of elements of `x`, 0 to 16; −1: up to the first that is 0.
 * @param lengthY - the same of `y`.
 * @param control - the immediate.
 * @returns a bit for each element, SECOND_ENDS and FIRST_ENDS.
 */
export function compare_strings(x: v128, y: v128, lengthX: i32, lengthY: i32, control: i32): i32 {
  const words = control & WORDS;
  const count = VECTOR_BYTES >> words;
  if (lengthX < 0) lengthX = lengthOf(x, words);
  if (lengthY < 0) lengthY = lengthOf(y, words);
  const inY = firstElements(lengthY, words);
  const aggregation = (control >> 2) & 3;
  let found: v128;
  if (aggregation == EQUAL_ANY) found = v128.and(equalAny(x, y, lengthX, words), inY);
  else if (aggregation == RANGES) found = v128.and(inRanges(x, y, lengthX, control), inY);
  else if (aggregation == EQUAL_EACH) found = equalEach(x, y, firstElements(lengthX, words), inY, words);
  else found = equalOrdered(x, y, lengthX, inY, words);
  if (control & NEGATIVE) found = v128.xor(found, control & MASKED ? inY : i64x2.splat(-1));
  const bits = words ? i16x8.bitmask(found) : i8x16.bitmask(found);
  return bits | (lengthY < count ? SECOND_ENDS : 0) | (lengthX < count ? FIRST_ENDS : 0);
}
