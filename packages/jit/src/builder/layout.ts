/**
 * Offsets in a vCPU's state that generated code shares with the engine. The architecture places its registers after
 * {@link EngineState.end}.
 *
 * @experimental
 */
export const EngineState = {
  /** u32: address of the current record, valid outside `run`. */
  ip: 0,
  /** u32: instructions left when `run` returned or called out. */
  left: 4,
  /** u32: instructions taken from the budget because a device was accessed; the engine adds them to `left`. */
  stolen: 8,
  /** u32: operand of `Builder.leave`. */
  exitInfo: 12,
  /** u64: address of the access that missed the TLB, or target of the transfer that missed it. */
  address: 16,
  /** u32: address of the TLB bank of the current translation regime. */
  bank: 24,
  /** u32: address of the bank for unprivileged accesses. */
  unprivilegedBank: 28,
  /** u32: not 0 if unaligned accesses fault. */
  alignmentCheck: 32,
  /** u32: number of entries into regions, modulo 2^32. */
  regionEntries: 36,
  /** u64 × 2 and u32: the lazy flags. */
  flagX: 40,
  /** See {@link EngineState.flagX}. */
  flagY: 48,
  /** See {@link EngineState.flagX}. */
  flagKind: 56,
  /** u32: instructions retired in regions, modulo 2^32. */
  regionInstructions: 60,
  /**
   * u32: when fewer instructions than this are left, control that arrives by a jump returns to the engine, which takes
   * a sample.
   */
  sampleAt: 64,
  /** u64: address of the indirect branch by which control last arrived; 0 if it arrived otherwise. */
  cameFrom: 72,
  /** u64: address of the indirect branch that is being executed; 0 if it is another instruction. */
  leftFrom: 80,
  /**
   * u32: instructions of the budget that `run` has set aside; meanwhile they are included in `stolen`. 0 outside of
   * `run`.
   */
  aside: 88,
  /** u64: guest-physical address from which on the second of the {@link ramWindows} is that of an address. */
  ramSplit: 96,
  /** u32: address of the two windows of RAM: see {@link RamWindow}. */
  ramWindows: 104,
  /** u32: address of the bit map of blocks that have TLB entries: see {@link BlockMap}. */
  blockMap: 120,
  /** u32: TLB entries filled by generated code, modulo 2^32. */
  tlbFills: 124,
  /**
   * u64: the pc at which control last arrived by a jump. A sample attributes the instructions since then to this pc.
   */
  lastEntry: 128,
  /** u32: not 0 if a region has returned at an instruction that it has not executed. */
  leftInside: 136,

  // Architectures with one-byte register fields place their registers directly after these three.
  /** u64: the pc of the record at `ip` minus its `RecordPlan.pcAddend`. */
  pcBias: 144,
  /** u64: always 0; registers that read as zero are read from here. */
  zero: 152,
  /** u64: destination of register writes that have no effect. */
  trash: 160,
  /** Offset of the first byte after the engine's fields, where the architecture's own begin. */
  end: 168,
} as const;

/**
 * One entry of the software TLB. A tag is the page's virtual address; `TLB_INVALID` never matches.
 *
 * @experimental
 */
export const TlbEntry = {
  /** u64: tag of the pages that may be read through the entry. */
  readTag: 0,
  /** u64: tag of the pages that may be written through the entry. */
  writeTag: 8,
  /** u64: tag of the pages whose records may be executed through the entry. */
  execTag: 16,
  /** u32: VM memory offset minus the low half of the virtual address. */
  addend: 24,
  /** u32: address of the page's first record. */
  code: 28,
  /** Size of an entry. */
  bytes: 32,
} as const;

/**
 * Entries in one TLB bank: they cover 32 MiB of addresses, so that two hot pages seldom need the same entry.
 *
 * @experimental
 */
export const TLB_ENTRIES = 8192;

const BANK_LISTS = TLB_ENTRIES * TlbEntry.bytes;
const LIST_LENGTH = 1520;
const LOCAL_LIST_LENGTH = 496;

/**
 * A TLB bank: its entries, and a list of those that may have been in use since the bank was last emptied, so that
 * emptying takes no longer than filling did.
 *
 * @experimental
 */
export const TlbBank = {
  /** u32: number of entries in the list; more than `listLength` if it has overflowed. */
  count: BANK_LISTS,
  /** u32 each: address of an entry. */
  list: BANK_LISTS + 64,
  /** Most addresses that the list holds. */
  listLength: LIST_LENGTH,
  /** u32: number of entries in the list of those that belong to one address space only. */
  localCount: BANK_LISTS + 4,
  /** u32 each: address of an entry that belongs to one address space only. */
  localList: BANK_LISTS + 64 + LIST_LENGTH * 4,
  /** Most addresses that this list holds. */
  localListLength: LOCAL_LIST_LENGTH,
  /** Size of a bank. */
  bytes: BANK_LISTS + 128 + (LIST_LENGTH + LOCAL_LIST_LENGTH) * 4,
} as const;

/**
 * Size and alignment in bytes of a slot of the code cache, which holds the records of a page: see {@link RecordPlan}.
 *
 * @experimental
 */
export const CODE_SLOT_BYTES = 0x8000;

/** Size in bytes of a link of a module of regions: see `TranslatedModule.links`. @experimental */
export const LINK_BYTES = 4;

/**
 * A range of guest-physical addresses with RAM at equal distances in VM memory. Pages without RAM may be among them,
 * which the page directory marks as absent; tables of the guest are not valid there: their bytes are 0, or ROM.
 *
 * @experimental
 */
export const RamWindow = {
  /** u64: first guest-physical address. */
  base: 0,
  /** u64: size in bytes; 0 if only the engine fills the TLB. */
  size: 8,
  /** u32: VM memory offset of the first address. */
  offset: 16,
  /** u32: address of the page directory, which has an entry for each page: see {@link PageDirectory}. */
  directory: 20,
  /** log2 of the size of a window. */
  shift: 5,
} as const;

/**
 * An entry of the page directory, which describes a page of RAM in two u32. The first is the address of the page's
 * slot of records, 0 if it has none, with the mode in which they were decoded from bit `modeShift` on, and with the bit
 * `noticeWrites` set while any of them are decoded. The second, at `writer`, is the address of the TLB entry that may
 * write the page: 0 if there is none, `manyWriters` if there may be several.
 *
 * @experimental
 */
export const PageDirectory = {
  /** Bit of the first u32: a write must be reported, since it may change decoded code. */
  noticeWrites: 1,
  /** Number of the lowest bit of the mode in the first u32. */
  modeShift: 1,
  /** Number of modes that the first u32 can tell apart. */
  modes: 64,
  /** Bit of the first u32: there is no RAM at the page. */
  absent: 1 << 7,
  /** Mask of the bits of the first u32 that are the address of the slot. */
  recordsMask: -CODE_SLOT_BYTES,
  /** Offset of the second u32. */
  writer: 4,
  /** Value of the second u32: several TLB entries may write the page. */
  manyWriters: 1,
  /** Size of an entry. */
  bytes: 8,
} as const;

/**
 * A bit map of the blocks of 2 MiB that have TLB entries made from one descriptor. The index of a block's bit is the
 * high part of the block's number (bits 47–{@link BlockMap.blockBits} of the virtual address) × `factor`. Few blocks
 * share a bit.
 *
 * @experimental
 */
export const BlockMap = {
  /** log2 of the bytes of a block. */
  blockBits: 21,
  /** Multiplier of the hash of a block's number. */
  factor: 0x9e37_79b1 | 0,
  /** Bits by which the product is shifted right: the rest is the index of the bit. */
  shift: 17,
  /** Size of the bit map. */
  bytes: 4096,
} as const;

/** log2 of the page size of TLB and code cache. @experimental */
export const PAGE_BITS = 12;

/** Size of one pre-decoded record in bytes. @experimental */
export const RECORD_BYTES = 16;

/**
 * First number of the regions that send misaligned accesses to the slow path. Regions with lower numbers run only
 * while the system allows misaligned accesses.
 *
 * @experimental
 */
export const EXACT_REGIONS = 0x8000;
/**
 * A region is entered only with at least this number of instructions left; no block of a region is longer.
 *
 * @experimental
 */
export const REGION_MINIMUM = 512;

/**
 * Size in bytes of the bounce buffer, through which accesses go that are not to plain RAM. It ends where the vCPU's
 * state begins, so each vCPU has its own; address 0 reports a fault. One instruction may open several accesses.
 *
 * @experimental
 */
export const BOUNCE_BYTES = 256;

/**
 * Encoding of an access for the slow path, as one number.
 *
 * @experimental
 */
export const AccessInfo = {
  /** Bits 0–6: size in bytes. From bit 12 on: log2 of the element size. */
  bytesMask: 0x7f,
  /** With {@link AccessInfo.readWrite}: every fault is reported as a write's, even if a read would have faulted. */
  faultsAsWrite: 0x80,
  /** The access is a write. */
  write: 0x100,
  /** The instruction also reads the memory that it writes. */
  readWrite: 0x200,
  /** Alignment is required even if the system allows misaligned accesses (exclusives, atomics, acquire and release). */
  aligned: 0x400,
  /** The access is made with the rights of the unprivileged level. */
  unprivileged: 0x800,
  /** Number of the lowest bit of the log2 of the element size. */
  elementShift: 12,
} as const;

/**
 * Reason why `run` returned; the architecture's own reasons start at {@link ExitReason.architecture}.
 *
 * @experimental
 */
export enum ExitReason {
  /** The budget of instructions is used up. */
  Budget = 0,
  /** The record at `ip` has not been decoded. */
  Decode = 1,
  /** There is no TLB entry with records for `address`, where execution continues. */
  Fetch = 2,
  /** An access faulted; the slow path has the reason. The instruction had no effect. */
  Fault = 3,
  /** The record at `ip` has an encoding that is not implemented. */
  Undefined = 4,
  /**
   * The instruction of the record at `ip` continues in the next page, and the record is not linked to the page that the
   * TLB leads to; only with sparse records.
   */
  Straddle = 5,
  /** First number of the architecture's own reasons. */
  architecture = 16,
}
