/**
 * A file that a capture is written to, as the host opens it.
 *
 * @experimental
 */
export interface CaptureOutput {
  /** Writes all of `bytes` at the end; throws when it cannot. */
  write(bytes: Uint8Array): void;
  /** Idempotent. */
  close(): void;
}

/**
 * How a host opens the files of captures.
 *
 * @experimental
 */
export interface CaptureOutputs {
  /** Why nothing can be written at a path, or `undefined`. Opens nothing. */
  problem(path: string): string | undefined;
  /**
   * Makes or empties a file.
   *
   * @param owner - who writes it, for messages.
   * @throws QvmError when it cannot be written.
   */
  open(path: string, owner: string): CaptureOutput;
}
