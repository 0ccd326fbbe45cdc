/**
 * Offsets in a vCPU's state that generated code shares with the engine. The architecture places its registers after
 * {@link EngineState.end}.
 *
 * @experimental
 */
export const EngineState = {
  /** u32: address of the current record, valid outside `run`. */
  ip: 0,
  /** u32: instructions left when `run` returned, or when it called out. */
  left: 4,
  /** u32: instructions taken back from the budget because a device was accessed; the engine adds them to `left`. */
  stolen: 8,
  /** u32: operand of `Builder.leave`. */
  exitInfo: 12,
  /** u64: the pc of the record at `ip` less its `RecordPlan.pcAddend`. */
  pcBias: 16,
  /** u64: address of the access that missed, or target of a transfer that missed. */
  address: 24,
  /** u32: address of the TLB bank of the current translation regime. */
  bank: 32,
  /** u32: address of the bank for unprivileged accesses. */
  unprivilegedBank: 36,
  /** u32: not 0 when unaligned accesses fault. */
  alignmentCheck: 40,
  /** u32: how often a region was entered, modulo 2^32. */
  regionEntries: 44,
  /** u64 × 2 and u32: the lazy flags. */
  flagX: 48,
  flagY: 56,
  flagKind: 64,
  /** u64: always 0, the source of registers that read as zero. */
  zero: 72,
  /** u64: the destination of writes that have no effect. */
  trash: 80,
  /** u32: instructions retired in regions, modulo 2^32. */
  regionInstructions: 88,
  /** u32: with fewer instructions left than this, control that arrives by a jump returns to the engine, which looks where it was. */
  sampleAt: 92,
  /** u64: address of the indirect branch that control last came by, 0 when it came by another way. */
  cameFrom: 96,
  /** u64: address of the indirect branch that is being executed, 0 when it is none. */
  leftFrom: 104,
  /** u32: instructions of the budget that `run` has put aside; they are in `stolen` meanwhile. 0 outside. */
  aside: 112,
  /** u64: guest-physical address of the RAM that {@link pageDirectory} describes. */
  ramBase: 120,
  /** u64: bytes of that RAM, 0 when the engine alone fills the TLB. */
  ramSize: 128,
  /** u32: VM memory offset of that RAM. */
  ramOffset: 136,
  /** u32: address of the page directory, an entry for each page of that RAM: see {@link PageDirectory}. */
  pageDirectory: 140,
  /** u32: address of the map of blocks that have TLB entries: see {@link BlockMap}. */
  blockMap: 144,
  /** u32: TLB entries filled by generated code, modulo 2^32. */
  tlbFills: 148,
  /** u64: the pc at which control last arrived by a jump. Samples count the instructions since then for that place. */
  lastEntry: 152,
  /** u32: not 0 when a region has left at an instruction that it has not done. */
  leftInside: 160,
  end: 168,
} as const;

/**
 * One entry of the software TLB. A tag is the page's virtual address; `TLB_INVALID` never matches.
 *
 * @experimental
 */
export const TlbEntry = {
  readTag: 0,
  writeTag: 8,
  execTag: 16,
  /** u32: VM memory offset minus the low half of the virtual address. */
  addend: 24,
  /** u32: address of the page's first record. */
  code: 28,
  bytes: 32,
} as const;

/**
 * Entries in one TLB bank: 32 MiB of addresses, so that two hot pages seldom want the same entry.
 *
 * @experimental
 */
export const TLB_ENTRIES = 8192;

const BANK_LISTS = TLB_ENTRIES * TlbEntry.bytes;
const LIST_LENGTH = 1520;
const LOCAL_LIST_LENGTH = 496;

/**
 * A TLB bank: its entries, and the list of those that are or were in use since the bank was last emptied, so that emptying it
 * costs no more than filling it did.
 *
 * @experimental
 */
export const TlbBank = {
  /** u32: entries in the list; more than `listLength` when it has overflowed. */
  count: BANK_LISTS,
  /** u32 each: address of an entry. */
  list: BANK_LISTS + 64,
  listLength: LIST_LENGTH,
  /** u32: entries in the list of those that belong to one address space and not to all. */
  localCount: BANK_LISTS + 4,
  localList: BANK_LISTS + 64 + LIST_LENGTH * 4,
  localListLength: LOCAL_LIST_LENGTH,
  bytes: BANK_LISTS + 128 + (LIST_LENGTH + LOCAL_LIST_LENGTH) * 4,
} as const;

/**
 * An entry of the page directory, which describes a page of RAM in two u32. The first is the address of its slot of records, if it has
 * one, with the bit `noticeWrites` while some of them are decoded. At `writer` is the address of the TLB entry that may write the page:
 * 0 if none, `manyWriters` if perhaps several.
 *
 * @experimental
 */
export const PageDirectory = { noticeWrites: 1, recordsMask: -2, writer: 4, manyWriters: 1, bytes: 8 } as const;

/**
 * A bit for each block of 2 MiB that has TLB entries which came from one descriptor: number (low 48 bits of the virtual address,
 * without the low {@link BlockMap.blockBits}) × `factor`, of which the high bits count. Few blocks share a bit.
 *
 * @experimental
 */
export const BlockMap = { blockBits: 21, factor: 0x9e37_79b1 | 0, shift: 17, bytes: 4096 } as const;

/** log2 of the page size that TLB and code cache work with. @experimental */
export const PAGE_BITS = 12;

/** Bytes of one pre-decoded record. @experimental */
export const RECORD_BYTES = 16;

/** Bytes (and alignment) of a slot of the code cache, which holds the records of a page: see {@link RecordPlan}. @experimental */
export const CODE_SLOT_BYTES = 0x8000;
/**
 * Region numbers from here on are of regions that take misaligned accesses to the slow path; the others run only while the system
 * allows such accesses.
 *
 * @experimental
 */
export const EXACT_REGIONS = 0x8000;
/** Fewest instructions left with which a region is entered; no block of a region is longer. @experimental */
export const REGION_MINIMUM = 512;

/**
 * Bytes of the bounce buffer, where accesses that are not plain RAM go. It lies before the vCPU's state and ends where that
 * begins, so that each vCPU has its own; address 0 reports a fault. One instruction may open several accesses.
 *
 * @experimental
 */
export const BOUNCE_BYTES = 256;

/**
 * How an access is described to the slow path: one number.
 *
 * @experimental
 */
export const AccessInfo = {
  /** Bits 0–6: bytes in all. From bit 12 on: log2 of the element size. */
  bytesMask: 0x7f,
  /** With {@link AccessInfo.readWrite}: each fault is a write's, also where a read would have had it. */
  faultsAsWrite: 0x80,
  write: 0x100,
  /** The instruction also reads what it writes. */
  readWrite: 0x200,
  /** Alignment is required whatever the system says (exclusives, atomics, acquire and release). */
  aligned: 0x400,
  unprivileged: 0x800,
  elementShift: 12,
} as const;

/**
 * Why `run` returned; the architecture's own reasons start at {@link ExitReason.architecture}.
 *
 * @experimental
 */
export enum ExitReason {
  Budget = 0,
  /** The record at `ip` has not been decoded. */
  Decode = 1,
  /** No code is known at `address`, where execution goes on. */
  Fetch = 2,
  /** An access faulted; the slow path knows why. Nothing of the instruction took effect. */
  Fault = 3,
  /** The record at `ip` is of an encoding that is not implemented. */
  Undefined = 4,
  /** The instruction of the record at `ip` goes on in the next page; only where records are sparse. */
  Straddle = 5,
  architecture = 16,
}
