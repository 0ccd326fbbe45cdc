import { createToken, type Token } from '../plugin/token.js';

/**
 * A file that the guest's firmware or kernel finds in the firmware configuration device.
 *
 * @experimental
 */
export interface FirmwareFile {
  /** Path of at most 55 bytes of ASCII, such as `etc/ramfb`; each once. */
  readonly name: string;
  /** The content. The guest's writes change it in place when `written` is there. */
  readonly bytes: Uint8Array;
  /** Makes the file writable; called after the guest wrote into it. */
  written?(): void;
}

/**
 * The firmware configuration device of a VM (`fw_cfg`), as it serves other vdevs.
 *
 * @experimental
 */
export interface FirmwareConfiguration {
  /**
   * Adds a file, before the guest starts.
   *
   * @throws `QvmError` `fw-cfg.file` when the name is invalid or taken, or there are too many files.
   */
  addFile(file: FirmwareFile): void;
}

/** The firmware configuration device, offered by the vdev `fw-cfg`. @experimental */
export const FW_CFG: Token<FirmwareConfiguration> = createToken('@qvm/core/FirmwareConfiguration');
