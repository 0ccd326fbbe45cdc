/**
 * AES, SHA-1, SHA-256 and the 64-bit polynomial multiplication, in the steps of Arm's Cryptographic Extension (Arm ARM, shared
 * pseudocode: AESSubBytes, SHAchoose, SHA256hash and others), which those of other architectures are made of. Tables are vector constants, because the module must not
 * have a data segment.
 */

/** Looks up the bytes that index entries `first` to `first` + 15 of a table; other bytes become zero. */
function row(x: v128, first: i32, entries: v128): v128 {
  return i8x16.swizzle(entries, i8x16.sub(x, i8x16.splat(<i8>first)));
}

/** AESSubBytes. */
function substitute(x: v128): v128 {
  let r = row(x, 0x00, i64x2(0xc56f6bf27b777c63, 0x76abd7fe2b670130));
  r = v128.or(r, row(x, 0x10, i64x2(0xf04759fa7dc982ca, 0xc072a49cafa2d4ad)));
  r = v128.or(r, row(x, 0x20, i64x2(0xccf73f362693fdb7, 0x1531d871f1e5a534)));
  r = v128.or(r, row(x, 0x30, i64x2(0x9a059618c323c704, 0x75b227ebe2801207)));
  r = v128.or(r, row(x, 0x40, i64x2(0xa05a6e1b1a2c8309, 0x842fe329b3d63b52)));
  r = v128.or(r, row(x, 0x50, i64x2(0x5bb1fc20ed00d153, 0xcf584c4a39becb6a)));
  r = v128.or(r, row(x, 0x60, i64x2(0x85334d43fbaaefd0, 0xa89f3c507f02f945)));
  r = v128.or(r, row(x, 0x70, i64x2(0xf5389d928f40a351, 0xd2f3ff1021dab6bc)));
  r = v128.or(r, row(x, 0x80, i64x2(0x1744975fec130ccd, 0x73195d643d7ea7c4)));
  r = v128.or(r, row(x, 0x90, i64x2(0x88902a22dc4f8160, 0xdb0b5ede14b8ee46)));
  r = v128.or(r, row(x, 0xa0, i64x2(0x5c2406490a3a32e0, 0x79e4959162acd3c2)));
  r = v128.or(r, row(x, 0xb0, i64x2(0xa94ed58d6d37c8e7, 0x08ae7a65eaf4566c)));
  r = v128.or(r, row(x, 0xc0, i64x2(0xc6b4a61c2e2578ba, 0x8a8bbd4b1f74dde8)));
  r = v128.or(r, row(x, 0xd0, i64x2(0x0ef6034866b53e70, 0x9e1dc186b9573561)));
  r = v128.or(r, row(x, 0xe0, i64x2(0x948ed9691198f8e1, 0xdf2855cee9871e9b)));
  r = v128.or(r, row(x, 0xf0, i64x2(0x6842e6bf0d89a18c, 0x16bb54b00f2d9941)));
  return r;
}

/** AESInvSubBytes. */
function substituteInverse(x: v128): v128 {
  let r = row(x, 0x00, i64x2(0x38a53630d56a0952, 0xfbd7f3819ea340bf));
  r = v128.or(r, row(x, 0x10, i64x2(0x87ff2f9b8239e37c, 0xcbe9dec444438e34)));
  r = v128.or(r, row(x, 0x20, i64x2(0x3d23c2a632947b54, 0x4ec3fa420b954cee)));
  r = v128.or(r, row(x, 0x30, i64x2(0xb224d92866a12e08, 0x25d18b6d49a25b76)));
  r = v128.or(r, row(x, 0x40, i64x2(0x1698688664f6f872, 0x92b6655dcc5ca4d4)));
  r = v128.or(r, row(x, 0x50, i64x2(0xdab9edfd5048706c, 0x849d8da75746155e)));
  r = v128.or(r, row(x, 0x60, i64x2(0x0ad3bc8c00abd890, 0x0645b3b80558e4f7)));
  r = v128.or(r, row(x, 0x70, i64x2(0x020f3fca8f1e2cd0, 0x6b8a130103bdafc1)));
  r = v128.or(r, row(x, 0x80, i64x2(0xeadc674f4111913a, 0x73e6b4f0cecff297)));
  r = v128.or(r, row(x, 0x90, i64x2(0x8535ade72274ac96, 0x6edf751ce837f9e2)));
  r = v128.or(r, row(x, 0xa0, i64x2(0x89c5291d711af147, 0x1bbe18aa0e62b76f)));
  r = v128.or(r, row(x, 0xb0, i64x2(0x2079d2c64b3e56fc, 0xf45acd78fec0db9a)));
  r = v128.or(r, row(x, 0xc0, i64x2(0x31c7078833a8dd1f, 0x5fec8027591012b1)));
  r = v128.or(r, row(x, 0xd0, i64x2(0x0d4ab519a97f5160, 0xef9cc9939f7ae52d)));
  r = v128.or(r, row(x, 0xe0, i64x2(0xb0f52aae4d3be0a0, 0x619953833cbbebc8)));
  r = v128.or(r, row(x, 0xf0, i64x2(0x26d677ba7e042b17, 0x7d0c2155631469e1)));
  return r;
}

/** AESE: AddRoundKey, SubBytes, ShiftRows. Byte i is of row i & 3 and column i >> 2. */
export function aes_encrypt(state: v128, key: v128): v128 {
  const x = v128.xor(state, key);
  return substitute(i8x16.shuffle(x, x, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11));
}

/** AESD. */
export function aes_decrypt(state: v128, key: v128): v128 {
  const x = v128.xor(state, key);
  return substituteInverse(i8x16.shuffle(x, x, 0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3));
}

/** Multiplies every byte by x in GF(2^8). */
function double(x: v128): v128 {
  return v128.xor(i8x16.shl(x, 1), v128.and(i8x16.shr_s(x, 7), i8x16.splat(0x1b)));
}

/** Rotates the columns, so that each byte is aligned with the one `rows` below. */
function below(x: v128, rows: i32): v128 {
  return v128.or(i32x4.shr_u(x, 8 * rows), i32x4.shl(x, 32 - 8 * rows));
}

/** AESMC: 2a + 3b + c + d equals a + (a + b + c + d) + 2(a + b). */
export function aes_mix_columns(x: v128): v128 {
  const pairs = v128.xor(x, below(x, 1));
  const all = v128.xor(pairs, below(pairs, 2));
  return v128.xor(v128.xor(x, all), double(pairs));
}

/** AESIMC: the inverse matrix is the product of the matrix and one that only adds 4(a + c). */
export function aes_inverse_mix_columns(x: v128): v128 {
  return aes_mix_columns(v128.xor(x, double(double(v128.xor(x, below(x, 2))))));
}

function choose(x: i32, y: i32, z: i32): i32 {
  return ((y ^ z) & x) ^ z;
}

function majority(x: i32, y: i32, z: i32): i32 {
  return (x & y) | ((x | y) & z);
}

function pack(x0: i32, x1: i32, x2: i32, x3: i32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(x0), 1, x1), 2, x2), 3, x3);
}

const CHOOSE: i32 = 0;
const PARITY: i32 = 1;

function sha1Function(kind: i32, x: i32, y: i32, z: i32): i32 {
  if (kind == CHOOSE) return choose(x, y, z);
  return kind == PARITY ? x ^ y ^ z : majority(x, y, z);
}

/** Four rounds of SHA-1: SHA1C, SHA1P, SHA1M by `kind`. */
export function sha1_hash(kind: i32, x: v128, y: i32, w: v128): v128 {
  let x0 = i32x4.extract_lane(x, 0);
  let x1 = i32x4.extract_lane(x, 1);
  let x2 = i32x4.extract_lane(x, 2);
  let x3 = i32x4.extract_lane(x, 3);
  for (let e = 0; e < 4; e++) {
    const next = y + rotl<u32>(x0, 5) + sha1Function(kind, x1, x2, x3) + i32x4.extract_lane(w, 0);
    w = i8x16.shuffle(w, w, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    y = x3;
    x3 = x2;
    x2 = rotl<u32>(x1, 30);
    x1 = x0;
    x0 = next;
  }
  return pack(x0, x1, x2, x3);
}

function sum0(x: u32): i32 {
  return rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
}

function sum1(x: u32): i32 {
  return rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
}

/**
 * Four rounds of SHA-256 with abcd = x, efgh = y. The result is efgh if `second` (SHA256H2), otherwise abcd (SHA256H).
 */
export function sha256_hash(second: i32, x: v128, y: v128, w: v128): v128 {
  let x0 = i32x4.extract_lane(x, 0);
  let x1 = i32x4.extract_lane(x, 1);
  let x2 = i32x4.extract_lane(x, 2);
  let x3 = i32x4.extract_lane(x, 3);
  let y0 = i32x4.extract_lane(y, 0);
  let y1 = i32x4.extract_lane(y, 1);
  let y2 = i32x4.extract_lane(y, 2);
  let y3 = i32x4.extract_lane(y, 3);
  for (let e = 0; e < 4; e++) {
    const t = y3 + sum1(y0) + choose(y0, y1, y2) + i32x4.extract_lane(w, 0);
    w = i8x16.shuffle(w, w, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    const next = t + sum0(x0) + majority(x0, x1, x2);
    y3 = y2;
    y2 = y1;
    y1 = y0;
    y0 = t + x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = next;
  }
  return second ? pack(y0, y1, y2, y3) : pack(x0, x1, x2, x3);
}

/** Every fourth bit, starting with bit `at`. */
function comb(x: u64, at: i32): u64 {
  return x & ((<u64>0x1111111111111111) << at);
}

/**
 * The lower half of a polynomial product. With three zero bits between the bits of the factors, an integer product
 * keeps the parity of each sum of up to 15 terms separate; a sum of 16 terms occurs only at the top, where the carry
 * is lost.
 */
function lowerProduct(a: u64, b: u64): u64 {
  let result: u64 = 0;
  for (let at = 0; at < 4; at++) {
    let sums: u64 = 0;
    for (let i = 0; i < 4; i++) sums ^= comb(a, i) * comb(b, (at - i) & 3);
    result |= comb(sums, at);
  }
  return result;
}

function swapBits(x: u64, distance: i32, mask: u64): u64 {
  return ((x >> distance) & mask) | ((x & mask) << distance);
}

function reverse(x: u64): u64 {
  x = swapBits(x, 1, 0x5555555555555555);
  x = swapBits(x, 2, 0x3333333333333333);
  x = swapBits(x, 4, 0x0f0f0f0f0f0f0f0f);
  return bswap(x);
}

/** PMULL and PMULL2 on 64-bit elements. */
export function polynomial_multiply(a: i64, b: i64): v128 {
  const upper = reverse(lowerProduct(reverse(a), reverse(b))) >> 1;
  return i64x2.replace_lane(i64x2.splat(lowerProduct(a, b)), 1, upper);
}
