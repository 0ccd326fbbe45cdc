/**
 * The file of a capture, opened by the host.
 *
 * @experimental
 */
export interface CaptureOutput {
  /** Appends all of `bytes`; throws if it cannot. */
  write(bytes: Uint8Array): void;
  /** Idempotent. */
  close(): void;
}

/**
 * Opens the files of captures on a host.
 *
 * @experimental
 */
export interface CaptureOutputs {
  /** The reason why a path cannot be written, or `undefined`. Opens nothing. */
  problem(path: string): string | undefined;
  /**
   * Creates or truncates a file.
   *
   * @param owner - name of the writer, for messages.
   * @throws QvmError when it cannot be written.
   */
  open(path: string, owner: string): CaptureOutput;
}
