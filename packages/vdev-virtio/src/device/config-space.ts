/**
 * Reads a configuration space for a driver (VirtIO 1.2 §2.5): little-endian.
 *
 * @param offset - the transport has checked that the whole access is inside.
 */
export function readConfigSpace(config: DataView, offset: number, width: 1 | 2 | 4): number {
  if (width === 1) return config.getUint8(offset);
  return width === 2 ? config.getUint16(offset, true) : config.getUint32(offset, true);
}
