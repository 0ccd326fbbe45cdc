const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * Formats a number of bytes for messages: `0x180000 bytes (1.5 MiB)`.
 *
 * @experimental
 */
export function sizeText(bytes: number): string {
  const exact = `0x${bytes.toString(16)} bytes`;
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const text = String(Number((bytes / 1024 ** unit).toFixed(1)));
  return unit === 0 ? exact : `${exact} (${text} ${UNITS[unit] as string})`;
}
