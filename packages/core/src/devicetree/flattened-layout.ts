/** Layout of a flattened device tree, Devicetree Specification v0.4 §5. All fields are big-endian. */

export const FDT_MAGIC = 0xd00d_feed;
export const FDT_VERSION = 17;
/** Oldest version whose readers understand the written trees, and oldest version that is read. */
export const FDT_COMPATIBLE_VERSION = 16;
export const FDT_HEADER_BYTES = 40;
export const FDT_RESERVATION_BYTES = 16;

/** Offsets of the header's fields (§5.2). */
export const FdtHeader = {
  magic: 0,
  totalSize: 4,
  structureOffset: 8,
  stringsOffset: 12,
  reservationsOffset: 16,
  version: 20,
  compatibleVersion: 24,
  bootCpu: 28,
  stringsSize: 32,
  structureSize: 36,
} as const;

/** Tokens of the structure block (§5.4.1). */
export const FdtToken = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;

/** Largest depth of nodes; real trees have fewer than ten levels. */
export const FDT_DEPTH_LIMIT = 64;
