/**
 * The images of FNSTENV, FNSAVE, FLDENV and FRSTOR (SDM volume 1, section 8.1.10). The unit is in memory around the
 * status block at `fp`: the registers R0–R7 are the 128 bytes before it; FCW, FSW, the tags (a bit for each register
 * that is not empty) and the opcode are u32 from it on, the instruction and the data pointer are u64 from `fp + 16` on.
 */

const REGISTERS: i32 = -128;
const STRIDE: i32 = 16;
const FSW: usize = 4;
const TAGS: usize = 8;
const OPCODE: usize = 12;
const INSTRUCTION: usize = 16;
const DATA: usize = 24;
/** Bits of a layout: fields of 32 bits, and addresses as in real-address mode. */
const WIDE: i32 = 1;
const REAL: i32 = 2;
const OPCODE_MASK: u32 = 0x7ff;
const EXCEPTIONS: u32 = 0x3f;
const ES_AND_B: u32 = 0x8080;
/** Bits of FCW that exist; bit 6 is 1. */
const CONTROL_BITS: u32 = 0x1f3f;
const CONTROL_FIXED: u32 = 0x40;
/** The upper half of a field of 32 bits that has 16. */
const UNUSED: u32 = 0xffff0000;

const VALID: u32 = 0;
const ZERO: u32 = 1;
const SPECIAL: u32 = 2;
const EMPTY: u32 = 3;

/** The tag of a register that is not empty. */
function tagOf(slot: i32): u32 {
  const sig = load<u64>(slot);
  const biased = load<u16>(slot, 8) & 0x7fff;
  if (biased == 0) return sig == 0 ? ZERO : SPECIAL;
  return biased == 0x7fff || sig >> 63 == 0 ? SPECIAL : VALID;
}

function tagWord(fp: i32): u32 {
  const full = load<u32>(fp, TAGS);
  let word: u32 = 0;
  for (let n = 0; n < 8; n++) {
    const tag = (full >> n) & 1 ? tagOf(fp + REGISTERS + n * STRIDE) : EMPTY;
    word |= tag << (2 * n);
  }
  return word;
}

/** A bit for each register whose tag is not that of an empty one. */
function tagBits(word: u32): u32 {
  let bits: u32 = 0;
  for (let n = 0; n < 8; n++) if (((word >> (2 * n)) & 3) != EMPTY) bits |= 1 << n;
  return bits;
}

/** Field `n` of an image. */
function put(to: i32, layout: i32, n: i32, value: u32): void {
  if (layout & WIDE) store<u32>(to + 4 * n, value);
  else store<u16>(to + 2 * n, <u16>value);
}

function get(from: i32, layout: i32, n: i32): u32 {
  return layout & WIDE ? load<u32>(from + 4 * n) : load<u16>(from + 2 * n);
}

/** Bits from 16 on of a pointer, where the layout of real-address mode has them. */
function upperPart(pointer: u32, layout: i32): u32 {
  return layout & WIDE ? (pointer >> 16) << 12 : ((pointer >> 16) & 15) << 12;
}

/**
 * Stores control, status and tag word, opcode and pointers. The selectors are 0, because CPUID says that they are not
 * saved.
 */
function storeEnvironment(to: i32, layout: i32, fp: i32): void {
  const unused = layout & WIDE ? UNUSED : 0;
  const opcode = load<u32>(fp, OPCODE) & OPCODE_MASK;
  const instruction = load<u32>(fp, INSTRUCTION);
  const data = load<u32>(fp, DATA);
  put(to, layout, 0, load<u32>(fp) | unused);
  put(to, layout, 1, load<u32>(fp, FSW) | unused);
  put(to, layout, 2, tagWord(fp) | unused);
  if (layout & REAL) {
    put(to, layout, 3, (instruction & 0xffff) | unused);
    put(to, layout, 4, upperPart(instruction, layout) | opcode);
    put(to, layout, 5, (data & 0xffff) | unused);
    put(to, layout, 6, upperPart(data, layout));
  } else {
    put(to, layout, 3, instruction);
    put(to, layout, 4, layout & WIDE ? opcode << 16 : 0);
    put(to, layout, 5, data);
    put(to, layout, 6, unused);
  }
}

function loadEnvironment(from: i32, layout: i32, fp: i32): void {
  const control = (get(from, layout, 0) & CONTROL_BITS) | CONTROL_FIXED;
  const status = get(from, layout, 1) & 0xffff & ~ES_AND_B;
  const tags = tagBits(get(from, layout, 2));
  let instruction = get(from, layout, 3);
  let data = get(from, layout, 5);
  let opcode: u32 = 0;
  const upper = get(from, layout, 4);
  if (layout & REAL) {
    instruction = (instruction & 0xffff) | ((upper >> 12) << 16);
    data = (data & 0xffff) | ((get(from, layout, 6) >> 12) << 16);
    opcode = upper & OPCODE_MASK;
  } else if (layout & WIDE) opcode = (upper >> 16) & OPCODE_MASK;
  store<u32>(fp, control);
  store<u32>(fp, status & ~control & EXCEPTIONS ? status | ES_AND_B : status, FSW);
  store<u32>(fp, tags, TAGS);
  store<u32>(fp, opcode, OPCODE);
  store<u64>(fp, <u64>instruction, INSTRUCTION);
  store<u64>(fp, <u64>data, DATA);
}

/** Size of an environment in bytes. */
function environmentBytes(layout: i32): i32 {
  return layout & WIDE ? 28 : 14;
}

/** Address of ST(n). */
function stackSlot(fp: i32, n: i32): i32 {
  return fp + REGISTERS + ((((load<u32>(fp, FSW) >> 11) + n) & 7) << 4);
}

/** FNSTENV: stores the environment, then masks all exceptions, so that none is pending. */
export function f80_store_environment(to: i32, layout: i32, fp: i32): i32 {
  storeEnvironment(to, layout, fp);
  store<u32>(fp, load<u32>(fp) | EXCEPTIONS);
  store<u32>(fp, load<u32>(fp, FSW) & ~ES_AND_B, FSW);
  return 0;
}

/** FLDENV. Exceptions that the new words do not mask become pending. */
export function f80_load_environment(from: i32, layout: i32, fp: i32): i32 {
  loadEnvironment(from, layout, fp);
  return 0;
}

/** FNSAVE, without the reset of the unit that follows. */
export function f80_save(to: i32, layout: i32, fp: i32): i32 {
  storeEnvironment(to, layout, fp);
  for (let n = 0; n < 8; n++) {
    const at = to + environmentBytes(layout) + 10 * n;
    const slot = stackSlot(fp, n);
    store<u64>(at, load<u64>(slot));
    store<u16>(at, load<u16>(slot, 8), 8);
  }
  return 0;
}

/** FRSTOR. */
export function f80_restore(from: i32, layout: i32, fp: i32): i32 {
  loadEnvironment(from, layout, fp);
  for (let n = 0; n < 8; n++) {
    const at = from + environmentBytes(layout) + 10 * n;
    const slot = stackSlot(fp, n);
    store<u64>(slot, load<u64>(at));
    store<u64>(slot, <u64>load<u16>(at, 8), 8);
  }
  return 0;
}
