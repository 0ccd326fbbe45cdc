/** Size of a descriptor in bytes, in split and in packed queues (VirtIO 1.2, sections 2.7.5 and 2.8.13). */
export const DESCRIPTOR_BYTES = 16;

/** The chain continues. */
export const DESC_F_NEXT = 1 << 0;
/** The device writes the buffer. */
export const DESC_F_WRITE = 1 << 1;
/** The buffer is a table of descriptors. */
export const DESC_F_INDIRECT = 1 << 2;
/** Packed queues: together with the wrap counter, tells which side owns the descriptor (section 2.8.1). */
export const DESC_F_AVAIL = 1 << 7;
/** Packed queues: as {@link DESC_F_AVAIL}. */
export const DESC_F_USED = 1 << 15;

/** Offsets of the fields of a descriptor. Flags and the last field differ between the formats. */
export const DESC_ADDRESS = 0;
export const DESC_LENGTH = 8;
/** Split: flags, then the index of the next descriptor. */
export const SPLIT_FLAGS = 12;
export const SPLIT_NEXT = 14;
/** Packed: the buffer's id, then flags. */
export const PACKED_ID = 12;
export const PACKED_FLAGS = 14;
