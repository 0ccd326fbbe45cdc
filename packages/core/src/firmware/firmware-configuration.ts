import { createToken, type Token } from '../plugin/token.js';

/**
 * A file in the firmware configuration device, for the guest's firmware or kernel.
 *
 * @beta
 */
export interface FirmwareFile {
  /** Path of at most 55 bytes of ASCII, such as `etc/ramfb`; unique. */
  readonly name: string;
  /** The contents. Writes of the guest change them in place if `written` is present. */
  readonly bytes: Uint8Array;
  /** Called after the guest has written into the file. Its presence makes the file writable. */
  written?(): void;
}

/**
 * The firmware configuration device of a VM (`fw_cfg`), for other vdevs.
 *
 * @beta
 */
export interface FirmwareConfiguration {
  /**
   * Adds a file. Must be called before the guest starts.
   *
   * @throws `QvmError` `fw-cfg.file` when the name is invalid or in use, or there are too many files.
   */
  addFile(file: FirmwareFile): void;
  /**
   * Adds a file, or gives a file of this name other contents: for what is made anew at each boot.
   *
   * @throws `QvmError` `fw-cfg.file` when the name is invalid, or there are too many files.
   */
  putFile(file: FirmwareFile): void;
}

/** The firmware configuration device, offered by the vdev `fw-cfg`. @beta */
export const FW_CFG: Token<FirmwareConfiguration> = createToken('@qvm/core/FirmwareConfiguration');
