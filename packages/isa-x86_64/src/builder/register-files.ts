import type { RegisterFile } from '@qvm/jit';
import { Segment, State } from './layout.js';

/**
 * Numbers of places in the state, beside the general registers 0–15, that an address can be made of.
 *
 * @experimental
 */
export enum AddressRegister {
  /** No register: 0. */
  None = 16,
  /** The linear address of the instruction's page, for RIP-relative addresses. */
  Page,
  /** The constant 4096. */
  PageUp,
  /** The constant −4096. */
  PageDown,
}

/** Number of AH among the registers of 8 bits; CH, DH and BH follow. @experimental */
export const AH = 16;

const ADDRESS_OFFSETS = [State.zero, State.pcBias, State.pageUp, State.pageDown];

function byteFields(name: string, bits: RegisterFile['bits'], offset: (n: number) => number): RegisterFile {
  return { name, bits, inPlace: true, fieldBase: State.block, readOffset: offset, writeOffset: offset };
}

/** RAX–R15, then {@link AddressRegister}. @experimental */
export const GPR = byteFields('r64', 64, (n) => (n < 16 ? State.gpr + n * 8 : (ADDRESS_OFFSETS[n - 16] as number)));
/** AX–R15W. @experimental */
export const GPR16 = byteFields('r16', 16, (n) => State.gpr + n * 8);
/** AL–R15B, then AH, CH, DH, BH. @experimental */
export const GPR8 = byteFields('r8', 8, (n) => (n < AH ? State.gpr + n * 8 : State.gpr + (n - AH) * 8 + 1));

/** Number of the base that is always 0, after those of ES, CS, SS, DS, FS and GS. @experimental */
export const FLAT_SEGMENT = 6;

/** Bases of segments, then 0. @experimental */
export const SEGMENT_BASE = byteFields('base', 64, (n) =>
  n === FLAT_SEGMENT ? State.zero : State.segmentBase + n * 8,
);

/** A file whose registers are as far apart as those of {@link SEGMENT_BASE}, and share its field of a record. */
function segmentFile(name: string, bits: RegisterFile['bits'], first: number): RegisterFile {
  const offset = (n: number): number => first + n * 8;
  const fieldBase = State.block + first - State.segmentBase;
  return { name, bits, inPlace: true, fieldBase, fieldOf: SEGMENT_BASE, readOffset: offset, writeOffset: offset };
}

/** See `State.segmentStart`. @experimental */
export const SEGMENT_START = segmentFile('start', 32, State.segmentStart);
/** See `State.segmentFault`. @experimental */
export const SEGMENT_FAULT = segmentFile('fault', 32, State.segmentFault);
/** See `State.segmentReadable`. @experimental */
export const SEGMENT_READABLE = segmentFile('readable', 64, State.segmentReadable);
/** See `State.segmentWritable`. @experimental */
export const SEGMENT_WRITABLE = segmentFile('writable', 64, State.segmentWritable);

/** Selectors of ES, CS, SS, DS, FS, GS, LDTR and TR. @experimental */
export const SELECTOR: RegisterFile = {
  name: 'selector',
  bits: 32,
  inPlace: true,
  readOffset: (n) => State.segment + n * Segment.bytes,
  writeOffset: (n) => State.segment + n * Segment.bytes,
};

/** Limits of ES, CS, SS, DS, FS, GS, LDTR and TR. @experimental */
export const SEGMENT_LIMIT: RegisterFile = {
  name: 'limit',
  bits: 32,
  inPlace: true,
  readOffset: (n) => State.segment + n * Segment.bytes + Segment.limit,
  writeOffset: (n) => State.segment + n * Segment.bytes + Segment.limit,
};

/** The upper halves of YMM0–YMM15. @experimental */
export const YMM_HIGH: RegisterFile = {
  name: 'ymm',
  bits: 128,
  inPlace: true,
  fieldBase: State.vectorHigh,
  get fieldOf() {
    return XMM;
  },
  readOffset: (n) => State.vectorHigh + n * 16,
  writeOffset: (n) => State.vectorHigh + n * 16,
};

/** XMM0–XMM15. @experimental */
export const XMM: RegisterFile = {
  name: 'xmm',
  bits: 128,
  inPlace: true,
  fieldBase: State.vector,
  readOffset: (n) => State.vector + n * 16,
  writeOffset: (n) => State.vector + n * 16,
};
