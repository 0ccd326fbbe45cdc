import type { TerminalSize } from '@qvm/core/services';

/** Size of struct virtio_console_config in bytes (VirtIO 1.2 §5.3.4). */
export const CONFIG_BYTES = 12;
/** Offset of `emerg_wr`, the only field that a driver may write. */
export const EMERGENCY_WRITE_AT = 8;
const ROWS_AT = 2;
const PORTS_AT = 4;

/** The configuration space of a console; the field for emergency writes reads as zero. */
export function configSpace({ columns, rows }: TerminalSize, ports: number): DataView {
  const config = new DataView(new ArrayBuffer(CONFIG_BYTES));
  config.setUint16(0, columns, true);
  config.setUint16(ROWS_AT, rows, true);
  config.setUint32(PORTS_AT, ports, true);
  return config;
}
