import { AddressRegister, FLAT_SEGMENT } from '../builder/register-files.js';
import { Gpr } from '../builder/layout.js';
import type { DecoderMode } from './mode.js';
import type { InstructionParser } from './parser.js';

/** The parts of a memory operand's address, as the records hold them. @experimental */
export interface Address {
  /** Number of the base register, for `GPR`. */
  base: number;
  /** Number of the index register, for `GPR`. */
  index: number;
  /** See `MemoryOperand.scale`. */
  scale: number;
  /** Number for `SEGMENT_BASE`. */
  segment: number;
  /** Number of the segment register, for faults. */
  segmentRegister: number;
  /** The displacement, signed. */
  displacement: number;
  /** 1 if the displacement counts from the next instruction. */
  relative: number;
}

const NONE: number = AddressRegister.None;
/** Base and index of the 16-bit forms (SDM vol. 2, table 2-1). */
const WORD_FORMS: readonly (readonly [base: number, index: number])[] = [
  [Gpr.RBX, Gpr.RSI],
  [Gpr.RBX, Gpr.RDI],
  [Gpr.RBP, Gpr.RSI],
  [Gpr.RBP, Gpr.RDI],
  [Gpr.RSI, NONE],
  [Gpr.RDI, NONE],
  [Gpr.RBP, NONE],
  [Gpr.RBX, NONE],
];
const [CS, SS, DS] = [1, 2, 3];
/** Bits of `scale` that cut an address of 64 bits, and one of 32 bits, by address size. */
const CUTS = { wide: [0, 48, 32, 0], narrow: [0, 16, 0] } as const;
/** A RIP-relative displacement near the ends of its range may exceed 32 bits when it counts from the page. */
const NEAR_LIMIT = 2 ** 31 - 2 ** 13;

/** Decodes the address of a ModRM operand in memory, for a record. @internal */
export function decodeAddress(
  bytes: DataView,
  parser: InstructionParser,
  mode: DecoderMode,
  hasVectorIndex: boolean,
): Address {
  const address = addressParts(bytes, parser, mode, hasVectorIndex);
  if (address.relative && Math.abs(address.displacement) > NEAR_LIMIT) moveByPages(address);
  return address;
}

/** The parts of a ModRM operand in memory. With `hasVectorIndex`, its index is not among them. @internal */
export function addressParts(
  bytes: DataView,
  parser: InstructionParser,
  mode: DecoderMode,
  hasVectorIndex: boolean,
): Address {
  const { modRm, at, addressSize } = parser;
  const mod = modRm >> 6;
  const rm = modRm & 7;
  const address = addressSize === 1 ? wordAddress(bytes, at, mod, rm) : wideAddress(bytes, parser, mode, mod, rm);
  if (hasVectorIndex) {
    address.index = NONE;
    address.scale = bytes.getUint8(at) >> 6;
  }
  address.scale |= CUTS[mode.bits === 64 ? 'wide' : 'narrow'][addressSize] as number;
  if (parser.segment >= 0) address.segmentRegister = parser.segment;
  address.segment = segmentBaseOf(address.segmentRegister, mode);
  return address;
}

/** Number for `SEGMENT_BASE` of a segment register. Writes to CS fault outside of 64-bit mode. @internal */
export function segmentBaseOf(segmentRegister: number, { flat, bits }: DecoderMode): number {
  const isFlat = flat && segmentRegister <= DS && (bits === 64 || segmentRegister !== CS);
  return isFlat ? FLAT_SEGMENT : segmentRegister;
}

function wordAddress(bytes: DataView, at: number, mod: number, rm: number): Address {
  const [base, index] = mod === 0 && rm === 6 ? [NONE, NONE] : (WORD_FORMS[rm] as readonly [number, number]);
  const displacement =
    mod === 1 ? bytes.getInt8(at) : mod === 2 || (mod === 0 && rm === 6) ? bytes.getInt16(at, true) : 0;
  const segmentRegister = base === (Gpr.RBP as number) ? SS : DS;
  return { base, index, scale: 0, segment: 0, segmentRegister, displacement, relative: 0 };
}

function wideAddress(
  bytes: DataView,
  { rex, at }: InstructionParser,
  { bits }: DecoderMode,
  mod: number,
  rm: number,
): Address {
  let base = rm | ((rex & 1) << 3);
  let index = NONE;
  let scale = 0;
  let next = at;
  let low = rm;
  if (rm === 4) {
    const sib = bytes.getUint8(next++);
    low = sib & 7;
    base = low | ((rex & 1) << 3);
    const number = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (number !== (Gpr.RSP as number)) {
      index = number;
      scale = sib >> 6;
    }
  }
  const absolute = mod === 0 && low === 5;
  const displacement = mod === 1 ? bytes.getInt8(next) : mod === 2 || absolute ? bytes.getInt32(next, true) : 0;
  const relative = absolute && rm === 5 && bits === 64;
  if (absolute) base = relative ? AddressRegister.Page : NONE;
  const segmentRegister = base === (Gpr.RSP as number) || base === (Gpr.RBP as number) ? SS : DS;
  return { base, index, scale, segment: 0, segmentRegister, displacement, relative: relative ? 1 : 0 };
}

/** Moves two pages from the displacement to the index, which a RIP-relative address does not have. */
function moveByPages(address: Address): void {
  const up = address.displacement > 0;
  address.index = up ? AddressRegister.PageUp : AddressRegister.PageDown;
  address.scale = 1;
  address.displacement -= (up ? 1 : -1) * 0x2000;
}
